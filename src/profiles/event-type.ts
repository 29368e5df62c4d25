import { z } from 'zod';
import { getCompiledSchema } from '../json-schema/compiled-schema-cache.ts';
import { pointerTokens } from '../json-schema/json-pointer.ts';

/** Any JSON. Not z.json() itself, which as a type refers to itself: not every reader of our types can follow. */
const json = z.unknown().refine((value) => z.json().safeParse(value).success, {
  error: ({ input }) => (input === undefined ? 'is required' : 'must be JSON'),
  abort: true,
});

const name = z
  .string()
  .max(128, 'has more than 128 characters')
  .regex(/^[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be of A-Z a-z 0-9 . _ - and not of dots alone');

/** One entry of a profile's catalogue. */
export const eventTypeSchema = z.strictObject({
  name,
  description: z.string(),
  /** The data of an example event: previews and test events are made of it. */
  example: json,
  /** What the profile names of an event's attributes, for the same. */
  exampleAttributes: z.record(name, z.string()).optional(),
  /** A JSON Schema of the data. */
  schema: z.record(z.string(), json).optional(),
});

const MAX_SCHEMAS = 50;
/** Of all schemas, keywords and their values, references repeated: compiling takes up to 0.15 ms for each. */
const MAX_SIZE_OF_SCHEMAS = 3_000;

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
  })
  .refine((types) => types.filter(({ schema }) => schema).length <= MAX_SCHEMAS, {
    message: `more than ${MAX_SCHEMAS} schemas`,
    abort: true,
  })
  .superRefine((types, context) => {
    let size = 0;
    for (const [index, { schema }] of types.entries()) {
      if (!schema) continue;
      const wrong = (pointer: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [index, 'schema', ...pointerTokens(pointer)], message });
      // What cannot be enforced is refused here: at ingest nobody could mend it.
      const compiled = getCompiledSchema(JSON.stringify(schema));
      if ('problems' in compiled) {
        // Of more schemas nothing is said: each takes its time, and none would count.
        for (const { pointer, detail } of compiled.problems) wrong(pointer, detail);
        return;
      }
      size += compiled.cost.total;
      if (size > MAX_SIZE_OF_SCHEMAS) return wrong('', 'is too much, with the schemas before it');
    }
  });
