import { z } from 'zod';
import { consumerId, time } from '../http/validation/fields.ts';

export const newKey = z
  .strictObject({
    consumer: consumerId.optional().meta({ description: 'Makes a key of this consumer alone' }),
  })
  .meta({ id: 'NewKey' });

export const createdKey = z
  .object({ id: z.string(), key: z.string().meta({ description: 'Shown this once' }) })
  .meta({ id: 'CreatedKey' });

export const apiKey = z
  .object({ id: z.string(), consumer: z.string().nullable(), createdAt: time })
  .meta({ id: 'ApiKey' });
