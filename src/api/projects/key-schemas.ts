import { z } from 'zod';
import { consumerId, text, time } from '../http/validation/fields.ts';

const access = z.enum(['full', 'read']);
const name = text(100).min(1).meta({ description: 'What the key is for, for people', example: 'monitoring' });

export const newKey = z
  .strictObject({
    consumer: consumerId.optional().meta({ description: 'Creates a key for this consumer only' }),
    access: access
      .optional()
      .meta({ description: '`read`: only GET and HEAD are allowed; `full` if left out' }),
    name: name.optional(),
  })
  .meta({ id: 'NewKey' });

export const createdKey = z
  .object({ id: z.string(), key: z.string().meta({ description: 'Returned only once' }) })
  .meta({ id: 'CreatedKey' });

export const apiKey = z
  .object({
    id: z.string(),
    consumer: z.string().nullable(),
    access,
    name: name.nullable(),
    lastUsedAt: time
      .nullable()
      .meta({ description: 'Recorded at most every five minutes; null: never used' }),
    createdAt: time,
  })
  .meta({ id: 'ApiKey' });
