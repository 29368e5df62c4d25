import { z } from 'zod';
import { consumerId, time } from '../http/validation/fields.ts';

export const newKey = z
  .strictObject({
    consumer: consumerId.optional().meta({ description: 'Creates a key for this consumer only' }),
  })
  .meta({ id: 'NewKey' });

export const createdKey = z
  .object({ id: z.string(), key: z.string().meta({ description: 'Returned only once' }) })
  .meta({ id: 'CreatedKey' });

export const apiKey = z
  .object({ id: z.string(), consumer: z.string().nullable(), createdAt: time })
  .meta({ id: 'ApiKey' });
