import { z } from 'zod';
import { attributes, text } from '../http/validation/fields.ts';

/** Stored as bytes, not through this value, so that exactly what was put is returned. */
const anyJson = z.unknown();

export const eventTypeSettings = z
  .strictObject({
    description: text(2000).meta({ example: 'A render job has finished' }),
    schema: anyJson.optional().meta({
      description:
        "JSON Schema (2020-12) of the data, at most 32 KiB. null: no schema, even if the profile has one. Default: the profile's",
      example: { type: 'object', required: ['render'] },
    }),
    example: anyJson.optional().meta({
      description: "The data of an example event. Default: the profile's",
      example: { render: 'r_1', seconds: 42 },
    }),
    exampleAttributes: attributes.optional().meta({
      description:
        "The attributes of the example event: at most 64, with 16 KiB of names and values. Default: the profile's",
    }),
  })
  .meta({ id: 'EventTypeSettings' });

const eventTypeFields = {
  type: z.string(),
  description: z.string(),
  source: z.enum(['profile', 'project']).meta({ description: 'Where the event type is defined' }),
  schema: anyJson.meta({ description: 'JSON Schema (2020-12) of the data; null if any data is allowed' }),
  example: anyJson.meta({ description: 'The data of an example event; null if there is none' }),
  exampleAttributes: z.record(z.string(), z.string()),
};

export const eventType = z
  .object({
    ...eventTypeFields,
    endpoints: z.int().optional().meta({
      description: 'With `figures=endpoints`: how many endpoints subscribe to it, among at most 10,000',
    }),
  })
  .meta({ id: 'EventType' });

export const eventTypeFigures = z
  .literal('endpoints')
  .optional()
  .meta({ description: 'Adds `endpoints`: how many endpoints subscribe to each type' });

export const catalogueWarnings = z.array(z.string()).meta({
  description: 'Subscriptions of endpoints that match no type in the catalogue, and the consequences',
});

export const changedEventType = z
  .object({
    ...eventTypeFields,
    warnings: catalogueWarnings,
  })
  .meta({ id: 'ChangedEventType' });
