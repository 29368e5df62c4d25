import { z } from 'zod';
import { name, storableText, text } from '../http/validation/fields.ts';

/** Taken as bytes, never through this value: what was put is what is shown. */
const anyJson = z.unknown();

export const eventTypeSettings = z
  .strictObject({
    description: text(2000).meta({ example: 'A render job has finished' }),
    schema: anyJson.optional().meta({
      description:
        "JSON Schema (2020-12) of the data, at most 32 KiB; null: none, whatever the profile has. Left out: the profile's",
      example: { type: 'object', required: ['render'] },
    }),
    example: anyJson.optional().meta({
      description: "The data of an example event. Left out: the profile's",
      example: { render: 'r_1', seconds: 42 },
    }),
    exampleAttributes: z
      .record(name, storableText)
      .optional()
      .meta({ description: "The attributes of the example event. Left out: the profile's" }),
  })
  .meta({ id: 'EventTypeSettings' });

const eventTypeFields = {
  type: z.string(),
  description: z.string(),
  source: z.enum(['profile', 'project']).meta({ description: 'Who says so' }),
  schema: anyJson.meta({ description: 'JSON Schema (2020-12) of the data; null: any data' }),
  example: anyJson.meta({ description: 'The data of an example event; null: there is none' }),
  exampleAttributes: z.record(z.string(), z.string()),
};

export const eventType = z.object(eventTypeFields).meta({ id: 'EventType' });

export const catalogueWarnings = z.array(z.string()).meta({
  description:
    'Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means',
});

export const changedEventType = z
  .object({
    ...eventTypeFields,
    warnings: catalogueWarnings,
  })
  .meta({ id: 'ChangedEventType' });
