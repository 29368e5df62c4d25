import { z } from 'zod';
import { getCompiledSchema } from '../json-schema/compiled-schema-cache.ts';
import { pointerTokens } from '../json-schema/json-pointer.ts';
import { attributeBytes, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES } from '../policy/attributes.ts';

/** Any JSON value. z.json() itself is recursive in the OpenAPI document, and not every client generator supports that. */
const json = z.unknown().refine((value) => z.json().safeParse(value).success, {
  error: ({ input }) => (input === undefined ? 'is required' : 'must be JSON'),
  abort: true,
});

/** Names of event types, plans and attributes. Dots alone are rejected: in a URL path, `.` and `..` are resolved even if escaped. */
export const name = z
  .string()
  .max(128, 'must have at most 128 characters')
  .regex(/^[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must consist of A-Z a-z 0-9 . _ - and not only of dots');

/** The attributes of an event, with values of this type. */
export const attributesWith = (value: z.ZodString) =>
  z
    .record(name, value)
    .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES, {
      message: `must not have more than ${MAX_ATTRIBUTES} attributes`,
      abort: true,
    })
    .refine((attributes) => attributeBytes(attributes) <= MAX_ATTRIBUTE_BYTES, {
      message: `must not have more than ${MAX_ATTRIBUTE_BYTES / 1024} KiB of names and values in UTF-8`,
    })
    .meta({
      description: `At most ${MAX_ATTRIBUTES}, and ${MAX_ATTRIBUTE_BYTES / 1024} KiB of names and values in UTF-8`,
      override: { maxProperties: MAX_ATTRIBUTES },
    });

/** One entry of a profile's catalogue. */
const eventTypeSchema = z.strictObject({
  name,
  description: z.string(),
  /** The data of previews and test events. */
  example: json,
  /** The attributes of previews and test events. */
  exampleAttributes: attributesWith(z.string()).optional(),
  /** A JSON Schema of the data. */
  schema: z.record(z.string(), json).optional(),
});

const MAX_SCHEMAS = 50;
/** Counts all schemas, keywords and their values, and those behind references again. Each takes up to 0.15 ms to compile. */
const MAX_COST_OF_SCHEMAS = 3_000;

export const eventTypesSchema = z
  .array(eventTypeSchema)
  .max(200, { abort: true })
  .default([])
  .superRefine((types, context) => {
    const names = new Set<string>();
    for (const [index, type] of types.entries()) {
      if (names.has(type.name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'must not be named twice' });
      names.add(type.name);
    }
  })
  .refine((types) => types.filter(({ schema }) => schema).length <= MAX_SCHEMAS, {
    message: `must not have more than ${MAX_SCHEMAS} schemas`,
    abort: true,
  })
  .superRefine((types, context) => {
    let cost = 0;
    for (const [index, { schema }] of types.entries()) {
      if (!schema) continue;
      const report = (pointer: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [index, 'schema', ...pointerTokens(pointer)], message });
      // A schema that cannot be enforced is refused here. At ingest, the producer could not fix it.
      const compiled = getCompiledSchema(JSON.stringify(schema));
      if ('problems' in compiled) {
        // Stop at the first invalid schema: compiling the others takes time, and the profile is refused anyway.
        for (const { pointer, detail } of compiled.problems) report(pointer, detail);
        return;
      }
      cost += compiled.cost.total;
      if (cost > MAX_COST_OF_SCHEMAS) return report('', 'is too large together with the schemas before it');
    }
  });
