import { LRUCache } from 'lru-cache';
import { type CompiledSchema, compileSchema } from './compile-schema.ts';
import type { Violation } from './violations.ts';

/** Enough for about 1,000 schemas. */
const MAX_CACHE_BYTES = 256 * 1024 * 1024;
/** Limit for one owner, who could otherwise evict all schemas of the others. */
const MAX_CACHE_BYTES_PER_OWNER = MAX_CACHE_BYTES / 2;
/** Measured memory of a compiled schema: a fixed part, and a part for each schema and keyword in it. */
const SCHEMA_BYTES = 128 * 1024;
const PART_BYTES = 1024;
/** Memory that a pattern may use for cached automaton states. */
const PATTERN_BYTES = 1024 * 1024;

type CacheEntry = { compiled: CompiledSchema; owner: string; bytes: number };
type Owned = { texts: Set<string>; bytes: number };

const owners = new Map<string, Owned>();
const cache = new LRUCache<string, CacheEntry>({
  maxSize: MAX_CACHE_BYTES,
  sizeCalculation: ({ bytes }) => bytes,
  dispose: removeFromOwner,
});

export const isSchemaCached = (text: string): boolean => cache.has(text);

/**
 * compileSchema with a cache by text, since event catalogues are reloaded more often than their schemas change. The
 * memory counts toward `owner`, the project that needed the schema first. Refused schemas are not cached.
 */
export function getCompiledSchema(text: string, owner = ''): CompiledSchema | { problems: Violation[] } {
  const cached = cache.get(text);
  if (cached) return cached.compiled;
  const compiled = compileSchema(text);
  if ('problems' in compiled) return compiled;
  const { total, patterns } = compiled.cost;
  const bytes = SCHEMA_BYTES + 2 * text.length + total * PART_BYTES + patterns * PATTERN_BYTES;
  cache.set(text, { compiled, owner, bytes });
  addToOwner(text, owner, bytes);
  return compiled;
}

function addToOwner(text: string, owner: string, bytes: number): void {
  const owned = owners.get(owner) ?? { texts: new Set<string>(), bytes: 0 };
  owners.set(owner, owned);
  owned.texts.add(text);
  owned.bytes += bytes;
  for (const oldest of owned.texts) {
    if (owned.bytes <= MAX_CACHE_BYTES_PER_OWNER || oldest === text) break;
    cache.delete(oldest);
  }
}

function removeFromOwner({ owner, bytes }: CacheEntry, text: string): void {
  const owned = owners.get(owner);
  if (!owned?.texts.delete(text)) return;
  owned.bytes -= bytes;
  if (owned.texts.size === 0) owners.delete(owner);
}
