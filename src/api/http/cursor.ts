import type { PageRequest } from '../../store/postgres/pages.ts';
import { Problem } from '../problems/problem.ts';

const isId = (part: string): boolean => /^[\w.@:+-]{1,128}$/.test(part);
const isTime = (part: string): boolean =>
  /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{3})?Z$/.test(part) && Number.isFinite(Date.parse(part));
const isNumber = (part: string): boolean => /^\d{1,9}$/.test(part);

/** The parts of each kind of sort key. A cursor of one kind is rejected by lists of another kind. */
const SORT_KEYS = { id: [isId], timeAndId: [isTime, isId], number: [isNumber] };
export type SortKeyKind = keyof typeof SORT_KEYS;

/** Encodes a sort key as an opaque cursor, so that its form can change. */
export const encodeCursor = (kind: SortKeyKind, sortKey: string[]): string =>
  Buffer.from(JSON.stringify([kind, ...sortKey])).toString('base64url');

/** The sort key in a cursor; throws invalid_cursor for a cursor that `encodeCursor` did not create for this kind of list. */
export function decodeCursor(kind: SortKeyKind, cursor: string): string[] {
  const checks = SORT_KEYS[kind];
  const [found, ...sortKey] = partsOf(cursor);
  const hasKind = found === kind && sortKey.length === checks.length;
  if (!hasKind || !sortKey.every((part, i) => checks[i]!(part))) throw new Problem('invalid_cursor');
  return sortKey;
}

/** The page that a list call requests; throws invalid_cursor. */
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
