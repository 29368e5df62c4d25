import { z } from 'zod';
import { name, text, time } from '../http/validation/fields.ts';

export const consumerSettings = z
  .strictObject({ name: text(200).optional().meta({ example: 'ACME GmbH' }), plan: name.optional() })
  .meta({ id: 'ConsumerSettings', description: 'Omitted members are cleared' });

export const consumer = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    plan: z.string().nullable(),
    createdAt: time,
  })
  .meta({ id: 'Consumer' });
