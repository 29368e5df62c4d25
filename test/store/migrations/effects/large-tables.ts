import type { Queryable } from '../../../../src/store/postgres/database.ts';

/** Tables that grow with every event, attempt or call. */
export const LARGE_TABLES = [
  'attempts',
  'audit_entries',
  'deliveries',
  'delivery_statistics',
  'event_statistics',
  'events',
  'outcomes',
];

/** Two rows in each: a statement that changes them shows itself. Works on the schema of 0030 and later. */
export async function fillLargeTables(db: Queryable): Promise<void> {
  for (const statement of FILL) await db.query(statement);
}

const TWO = 'FROM generate_series(1, 2) AS n';

const FILL = [
  `INSERT INTO events (project_id, id, type, attributes, body, data, content_hash, profile, profile_version, status,
                       delivery_count, open_count, created_at)
   SELECT 'prj', 'evt_' || n, 'a', '{}', '{}', '{}', '', 'p', 1, 'pending', 1, 1, now() ${TWO}`,
  `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, due_at, created_at)
   SELECT 'dlv_' || n, 'prj', 'evt_' || n, 'ep', '{}', 'pending', now(), now() ${TWO}`,
  `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
   SELECT 'dlv_' || n, 1, 1, 0, 'schedule', now(), 1, 'delivered' ${TWO}`,
  `INSERT INTO outcomes (project_id, kind, event_id, status) SELECT 'prj', 'event.settled', 'evt', 'delivered' ${TWO}`,
  `INSERT INTO audit_entries (id, at, actor, action, subject_type, fields, request_id)
   SELECT 'aud_' || n, now(), 'admin', 'a', 'project', '{}', 'req' ${TWO}`,
  `INSERT INTO delivery_statistics SELECT 'prj', '', 1, now(), 'delivered', n, 1 ${TWO}`,
  `INSERT INTO event_statistics SELECT 'prj', '', n, now(), '', 1 ${TWO}`,
];
