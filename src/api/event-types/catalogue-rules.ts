import { type CatalogueEntry, createCatalogue } from '../../catalogue/catalogue.ts';
import { compileSchemaQueued } from '../../json-schema/compile-schema-queued.ts';
import type { Violation } from '../../json-schema/violations.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { EXAMPLE_EVENT } from '../../profiles/example-event.ts';
import type { ProjectEventType } from '../../store/projects/event-types.ts';
import { type FieldError, invalidBody } from '../problems/problem.ts';

/**
 * The size of the schema; 0: it has none of its own. Throws invalid_body for one that cannot be used, and for an example
 * that could not be sent: with it in the catalogue, test events would fail, and nobody would know why.
 */
export async function requireUsableEventType(
  profile: CompiledProfile,
  own: ProjectEventType,
  owner: string,
): Promise<number> {
  const size = await sizeOfSchema(own.schema, owner);
  const catalogue = createCatalogue(profile.eventTypes, [own]);
  const entry = catalogue.entries.find(({ type }) => type === own.type)!;
  const errors = own.example === null ? [] : errorsInBody(profile, entry, own.example);
  const example = catalogue.example(own.type)?.data;
  if (example) {
    const violations = catalogue.validate(own.type, JSON.parse(example.toString('utf8')), example.length);
    errors.push(...exampleErrors(violations, own));
  }
  if (errors.length > 0) throw invalidBody(errors);
  return size;
}

async function sizeOfSchema(schema: string | null, owner: string): Promise<number> {
  if (schema === null || schema === 'null') return 0;
  const compiled = await compileSchemaQueued(schema, owner);
  if ('problems' in compiled) throw invalidBody(below('/schema', compiled.problems));
  return compiled.cost.total;
}

/** Why the profile could not make a body of the example. */
function errorsInBody(profile: CompiledProfile, entry: CatalogueEntry, example: string): FieldError[] {
  const { type, exampleAttributes: attributes } = entry;
  const body = profile.composeBody({ ...EXAMPLE_EVENT, type, attributes, data: Buffer.from(example) });
  if (Buffer.isBuffer(body)) return [];
  return body.errors.map(({ pointer, detail }) => ({
    pointer: pointer.replace(/^\/data/, '/example').replace(/^\/attributes/, '/exampleAttributes'),
    detail,
  }));
}

const exampleErrors = (violations: Violation[], own: ProjectEventType): FieldError[] =>
  own.example === null && violations.length > 0
    ? [
        {
          pointer: '/schema',
          detail: 'does not fit the example of the profile: bring an `example` that it fits',
        },
      ]
    : below('/example', violations);

const below = (pointer: string, violations: Violation[]): FieldError[] =>
  violations.map((violation) => ({ pointer: pointer + violation.pointer, detail: violation.detail }));
