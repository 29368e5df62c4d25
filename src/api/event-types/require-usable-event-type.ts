import { type CatalogueEntry, createCatalogue } from '../../catalogue/catalogue.ts';
import { compileSchemaQueued } from '../../json-schema/compile-schema-queued.ts';
import type { Violation } from '../../json-schema/violations.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { EXAMPLE_EVENT } from '../../profiles/example-event.ts';
import type { ProjectEventType } from '../../store/projects/event-types.ts';
import { type FieldError, invalidBody, prependPointer } from '../problems/problem.ts';

/**
 * Returns the size of the schema, or 0 if the type has none. Throws invalid_body for a schema that cannot be used, and
 * for an example that cannot be sent, because test events of the type would fail.
 */
export async function requireUsableEventType(
  profile: CompiledProfile,
  eventType: ProjectEventType,
  owner: string,
): Promise<number> {
  const size = await sizeOfSchema(eventType.schema, owner);
  const catalogue = createCatalogue(profile.eventTypes, [eventType]);
  const entry = catalogue.entries.find(({ type }) => type === eventType.type)!;
  const errors = eventType.example === null ? [] : errorsInBody(profile, entry, eventType.example);
  const example = catalogue.example(eventType.type)?.data;
  if (example) {
    const violations = catalogue.validate(
      eventType.type,
      JSON.parse(example.toString('utf8')),
      example.length,
    );
    errors.push(...exampleErrors(violations, eventType));
  }
  if (errors.length > 0) throw invalidBody(errors);
  return size;
}

async function sizeOfSchema(schema: string | null, owner: string): Promise<number> {
  if (schema === null || schema === 'null') return 0;
  const compiled = await compileSchemaQueued(schema, owner);
  if ('problems' in compiled) throw invalidBody(prependPointer('/schema', compiled.problems));
  return compiled.cost.total;
}

/** The reasons why the profile cannot compose the example. */
function errorsInBody(profile: CompiledProfile, entry: CatalogueEntry, example: string): FieldError[] {
  const { type, exampleAttributes: attributes } = entry;
  const body = profile.composeBody({ ...EXAMPLE_EVENT, type, attributes, data: Buffer.from(example) });
  if (Buffer.isBuffer(body)) return [];
  return body.errors.map(({ pointer, detail }) => ({
    pointer: pointer.replace(/^\/data/, '/example').replace(/^\/attributes/, '/exampleAttributes'),
    detail,
  }));
}

const exampleErrors = (violations: Violation[], eventType: ProjectEventType): FieldError[] =>
  eventType.example === null && violations.length > 0
    ? [
        {
          pointer: '/schema',
          detail: 'rejects the example of the profile: add an `example` that matches the schema',
        },
      ]
    : prependPointer('/example', violations);
