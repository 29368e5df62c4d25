import type { CompiledSchema } from '../json-schema/compile-schema.ts';
import { compileSchemaQueued } from '../json-schema/compile-schema-queued.ts';
import type { Violation } from '../json-schema/violations.ts';

/** Smaller than the limits of the schemas of event types, because an event may have to be compared with hundreds of filters. */
const MAX_FILTER_BYTES = 8 * 1024;
const MAX_FILTER_COST = 500;

/** Compiles the JSON text of a filter, or says with JSON pointers why it cannot be used. `owner` is the project. */
export async function compileFilter(
  text: string,
  owner: string,
): Promise<CompiledSchema | { problems: Violation[] }> {
  if (Buffer.byteLength(text) > MAX_FILTER_BYTES) return atRoot('must have at most 8 KiB of JSON');
  const compiled = await compileSchemaQueued(text, owner);
  if ('problems' in compiled) return compiled;
  return compiled.cost.total > MAX_FILTER_COST
    ? atRoot('must have at most 500 schemas, keywords and values')
    : compiled;
}

const atRoot = (detail: string): { problems: Violation[] } => ({ problems: [{ pointer: '', detail }] });
