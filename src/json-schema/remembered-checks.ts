import { LRUCache } from 'lru-cache';
import { type CompiledSchema, compileSchema } from './compile-schema.ts';
import type { Violation } from './violations.ts';

/** About a thousand schemas. */
const REMEMBERED_BYTES = 256 * 1024 * 1024;
/** What a compiled schema was measured to take, however short it is, and for each schema and keyword in it. */
const SCHEMA_BYTES = 128 * 1024;
const PART_BYTES = 1024;
/** What a pattern may learn of texts. */
const PATTERN_BYTES = 1024 * 1024;

const remembered = new LRUCache<string, CompiledSchema>({ maxSize: REMEMBERED_BYTES });

/** compileSchema, once for one text: catalogues come and go more often than what is in them. */
export function checkOfSchema(text: string): CompiledSchema | { problems: Violation[] } {
  const known = remembered.get(text);
  if (known) return known;
  const compiled = compileSchema(text);
  if ('problems' in compiled) return compiled;
  const { all, patterns } = compiled.size;
  const size = SCHEMA_BYTES + 2 * text.length + all * PART_BYTES + patterns * PATTERN_BYTES;
  remembered.set(text, compiled, { size });
  return compiled;
}
