import { z } from 'zod';
import { compileSchema } from '../json-schema/compile-schema.ts';
import { stepsOf } from '../json-schema/json-pointer.ts';

/** Any JSON. Not z.json() itself, which as a type refers to itself: not every reader of our types can follow. */
const json = z.unknown().refine((value) => z.json().safeParse(value).success, 'must be JSON');

const name = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);

/** What cannot be enforced is refused here: at ingest nobody could mend it. */
const dataSchema = z.record(z.string(), json).superRefine((schema, context) => {
  const compiled = compileSchema(JSON.stringify(schema));
  if (!('problems' in compiled)) return;
  for (const { pointer, detail } of compiled.problems)
    context.addIssue({ code: 'custom', path: stepsOf(pointer), message: detail });
});

/** One entry of a profile's catalogue. */
export const eventTypeSchema = z.strictObject({
  name,
  description: z.string(),
  /** The data of an example event: previews and test events are made of it. */
  example: json,
  /** What the profile names of an event's attributes, for the same. */
  exampleAttributes: z.record(name, z.string()).optional(),
  /** A JSON Schema of the data. */
  schema: dataSchema.optional(),
});

export const eventTypesSchema = z
  .array(eventTypeSchema)
  .max(200, { abort: true })
  .default([])
  .superRefine((types, context) => {
    const seen = new Set<string>();
    for (const [index, type] of types.entries()) {
      if (seen.has(type.name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'named twice' });
      seen.add(type.name);
    }
  });
