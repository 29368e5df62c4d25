import type pg from 'pg';
import type { Span } from './spans.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long spans are kept, in milliseconds, at most as long as days are. */
const KEPT: Record<Exclude<Span, 1440>, number> = { 1: 48 * HOUR_MS, 5: 48 * HOUR_MS, 60: 30 * DAY_MS };

/** Returns how long figures for spans of this length are kept, in milliseconds. `daysMs`: for how long those of days are. */
export const keptMs = (span: Span, daysMs: number): number =>
  span === 1440 ? daysMs : Math.min(KEPT[span], daysMs);

const MAX_ROWS = 5_000;

const removeFrom = (table: string): string => `
  DELETE FROM ${table}
  WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE span = $1 AND at < now() - $2 * interval '1 millisecond' LIMIT ${MAX_ROWS}))`;
const REMOVE = [removeFrom('delivery_statistics'), removeFrom('event_statistics')];

/** Removes up to 10,000 figures for spans of this length that are older than they are kept. Returns how many. */
export async function removeStatistics(pool: pg.Pool, span: Span, daysMs: number): Promise<number> {
  let removed = 0;
  for (const statement of REMOVE)
    removed += (await pool.query(statement, [span, keptMs(span, daysMs)])).rowCount ?? 0;
  return removed;
}
