import { LRUCache } from 'lru-cache';
import { type CompiledSchema, compileSchema } from './compile-schema.ts';
import type { Violation } from './violations.ts';

/** About a thousand schemas. */
const MAX_CACHE_BYTES = 256 * 1024 * 1024;
/** Of one owner: another's are never all forgotten for them. */
const MAX_CACHE_BYTES_PER_OWNER = MAX_CACHE_BYTES / 2;
/** What a compiled schema was measured to take, however short it is, and for each schema and keyword in it. */
const SCHEMA_BYTES = 128 * 1024;
const PART_BYTES = 1024;
/** What a pattern may learn of texts. */
const PATTERN_BYTES = 1024 * 1024;

type Remembered = { compiled: CompiledSchema; owner: string; bytes: number };
type Owned = { texts: Set<string>; bytes: number };

const owners = new Map<string, Owned>();
const remembered = new LRUCache<string, Remembered>({
  maxSize: MAX_CACHE_BYTES,
  sizeCalculation: ({ bytes }) => bytes,
  dispose: disown,
});

export const isSchemaCached = (text: string): boolean => remembered.has(text);

/**
 * compileSchema, once for one text: catalogues come and go more often than what is in them. `owner` is whose share of
 * the memory it takes: the project that was the first to need it.
 */
export function getCompiledSchema(text: string, owner = ''): CompiledSchema | { problems: Violation[] } {
  const known = remembered.get(text);
  if (known) return known.compiled;
  const compiled = compileSchema(text);
  if ('problems' in compiled) return compiled;
  const { total, patterns } = compiled.cost;
  const bytes = SCHEMA_BYTES + 2 * text.length + total * PART_BYTES + patterns * PATTERN_BYTES;
  remembered.set(text, { compiled, owner, bytes });
  own(text, owner, bytes);
  return compiled;
}

function own(text: string, owner: string, bytes: number): void {
  const owned = owners.get(owner) ?? { texts: new Set<string>(), bytes: 0 };
  owners.set(owner, owned);
  owned.texts.add(text);
  owned.bytes += bytes;
  for (const oldest of owned.texts) {
    if (owned.bytes <= MAX_CACHE_BYTES_PER_OWNER || oldest === text) break;
    remembered.delete(oldest);
  }
}

function disown({ owner, bytes }: Remembered, text: string): void {
  const owned = owners.get(owner);
  if (!owned?.texts.delete(text)) return;
  owned.bytes -= bytes;
  if (owned.texts.size === 0) owners.delete(owner);
}
