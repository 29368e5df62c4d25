import type { SeededStore } from '../seed.ts';

export const LONG_AGO = new Date(Date.now() - 40 * 86_400_000);
export const MONTH_AGO = new Date(Date.now() - 30 * 86_400_000);

/** Inserts settled events of an age, whose deliveries have one attempt each. */
export async function addSettled(
  store: SeededStore,
  prefix: string,
  events: number,
  deliveries: number,
  createdAt = LONG_AGO,
  project = store.project,
): Promise<void> {
  await store.pool.query(
    `WITH event AS (
       INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, delivered_count, created_at, settled_at)
       SELECT $1, $2 || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'delivered', $4, 0, $4, $5, $5
       FROM generate_series(1, $3::int) AS n RETURNING id
     ), delivery AS (
       INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, attempts, epoch, created_at, settled_at)
       SELECT event.id || '_' || n, $1, event.id, 'r', '{"delays":[],"timeout":1,"jitter":0}', 'delivered', 1, 1, $5, $5
       FROM event, generate_series(1, $4::int) AS n RETURNING id
     )
     INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
     SELECT id, 1, 1, 0, 'schedule', $5, 1, 'delivered' FROM delivery`,
    [project, prefix, events, deliveries, createdAt],
  );
}
