import type { PageRequest } from '../../store/postgres/pages.ts';
import { Problem } from '../problems/problem.ts';

const isId = (part: string): boolean => /^[\w.@:+-]{1,128}$/.test(part);
const isTime = (part: string): boolean =>
  /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{3})?Z$/.test(part) && Number.isFinite(Date.parse(part));
const isNumber = (part: string): boolean => /^\d{1,9}$/.test(part);

/** What the sort key of a list is made of; a cursor of one kind of list is refused by the others. */
const SORT_KEYS = { id: [isId], timeAndId: [isTime, isId], number: [isNumber] };
export type SortKeyKind = keyof typeof SORT_KEYS;

/** The sort key as callers get it: opaque, so that it may change its form. */
export const encodeCursor = (kind: SortKeyKind, sortKey: string[]): string =>
  Buffer.from(JSON.stringify([kind, ...sortKey])).toString('base64url');

/** Throws invalid_cursor for anything that encodeCursor did not write for this kind of list. */
export function decodeCursor(kind: SortKeyKind, cursor: string): string[] {
  const checks = SORT_KEYS[kind];
  const [found, ...sortKey] = partsOf(cursor);
  const fits = found === kind && sortKey.length === checks.length;
  if (!fits || !sortKey.every((part, i) => checks[i]!(part))) throw new Problem('invalid_cursor');
  return sortKey;
}

export const pageRequest = (
  kind: SortKeyKind,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): PageRequest => ({ limit, after: cursor === undefined ? null : decodeCursor(kind, cursor) });

function partsOf(cursor: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : [];
  } catch {
    return [];
  }
}
