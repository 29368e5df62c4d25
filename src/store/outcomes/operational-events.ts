import type pg from 'pg';

/** What the owner of a project is told about its endpoints. docs/control.md describes the data of each. */
export const OPERATIONAL_EVENT_TYPES = [
  'endpoint.failing',
  'endpoint.recovered',
  'endpoint.disabled',
  'delivery.undeliverable',
  'recovery.finished',
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number];

/**
 * SQL: a part of a WITH that reports each row of `from` to its project. `from` has the columns project_id and, in `data`, a
 * jsonb object without payloads, URLs and secrets. In the same statement as the change, so that it is reported exactly once.
 */
export const tellOwner = (type: OperationalEventType, from: string): string =>
  `INSERT INTO operational_events (project_id, type, data) SELECT project_id, '${type}', data FROM ${from}`;

const MAX_EVENTS = 5_000;

const REMOVE_OLD = `
  DELETE FROM operational_events
  WHERE id IN (SELECT id FROM operational_events WHERE created_at < $1 ORDER BY created_at LIMIT $2)`;

/** Removes up to 5,000 operational events older than `before`. Returns how many. */
export async function removeOperationalEvents(pool: pg.Pool, before: Date): Promise<number> {
  const { rowCount } = await pool.query(REMOVE_OLD, [before, MAX_EVENTS]);
  return rowCount ?? 0;
}
