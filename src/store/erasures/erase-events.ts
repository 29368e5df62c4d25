import type pg from 'pg';
import { removeSettled } from '../events/retention.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import type { RunningErasure } from './running-erasures.ts';

/** The most rows that one transaction removes, so that it takes less than a second. */
const MAX_EVENTS = 500;
const MAX_DELIVERIES = 2_000;

/** The event after which a pass goes on. */
export type EventPosition = { createdAt: string; id: string };
export type EventBatch = { ids: string[]; last: EventPosition | null };

// $1 project, $2 position: time, $3 position: id, $4 subject, $5 time before which a consumer's events were posted.
// The first event is always included, however many deliveries it has.
const batchOf = (where: string): string => `
  SELECT id, created_at::text AS "createdAt" FROM (
    SELECT id, created_at, sum(delivery_count) OVER (ORDER BY created_at, id) - delivery_count AS deliveries_before
    FROM (
      SELECT id, created_at, delivery_count FROM events
      WHERE project_id = $1 AND created_at >= coalesce($2::timestamptz, '-infinity')
        AND ($2::timestamptz IS NULL OR (created_at, id) > ($2::timestamptz, $3::text)) AND ${where}
      ORDER BY created_at, id
      LIMIT ${MAX_EVENTS}
    ) AS next
  ) AS counted
  WHERE deliveries_before < ${MAX_DELIVERIES}
  ORDER BY created_at, id`;

const BATCH = {
  event: batchOf('id = $4'),
  consumer: batchOf('consumer = $4 AND created_at < $5'),
  project: batchOf('project_id = $4'),
};

/** Returns the next events that the job has to erase, oldest first. */
export async function nextEvents(
  db: Queryable,
  { kind, projectId, subject, eventsBefore }: RunningErasure,
  after: EventPosition | null,
): Promise<EventBatch> {
  const values = [projectId, after?.createdAt ?? null, after?.id ?? null, subject];
  const { rows } = await db.query<EventPosition>(
    BATCH[kind],
    kind === 'consumer' ? [...values, eventsBefore] : values,
  );
  return { ids: rows.map(({ id }) => id), last: rows.at(-1) ?? null };
}

// A workflow that was about to start when its delivery was cancelled may start after it has been looked for.
const NOTE_WORKFLOWS = `
  INSERT INTO erased_workflows (erasure_id, workflow_id, check_at)
  SELECT $1, workflow_id, max(clock_timestamp() + CASE WHEN reason = 'erased' THEN $4 ELSE 0 END * interval '1 millisecond')
  FROM deliveries
  WHERE project_id = $2 AND event_id = ANY ($3::text[]) AND workflow_id IS NOT NULL
  GROUP BY workflow_id
  ON CONFLICT (erasure_id, workflow_id) DO UPDATE SET check_at = greatest(erased_workflows.check_at, excluded.check_at)`;

/** Notes the workflows that carried deliveries of these events, which are to be deleted. */
export async function noteWorkflows(
  client: pg.PoolClient,
  erasureId: string,
  projectId: string,
  eventIds: string[],
  startMs: number,
): Promise<void> {
  await client.query(NOTE_WORKFLOWS, [erasureId, projectId, eventIds, startMs]);
}

const NOTE_EVENTS = `
  INSERT INTO erased_events (erasure_id, event_id, created_at, settled_at)
  SELECT $1, id, created_at, coalesce(settled_at, created_at) FROM events WHERE project_id = $2 AND id = ANY ($3::text[])
  ON CONFLICT (erasure_id, event_id) DO UPDATE SET settled_at = excluded.settled_at`;

// The search for outcomes begins again, because these events may be older than where it is.
const COUNT = `
  UPDATE erasures SET events_erased = events_erased + $2, outcomes_xid = NULL, outcomes_seq = NULL WHERE id = $1`;

/**
 * Removes those of the events that have no open delivery, with deliveries and attempts, and notes what is left to be erased
 * elsewhere. `startMs`: how long a workflow may take to start. Returns how many.
 */
export function eraseSettledEvents(
  pool: pg.Pool,
  { id, kind, projectId }: RunningErasure,
  eventIds: string[],
  startMs: number,
): Promise<number> {
  return inTransaction(pool, async (client) => {
    const removed = await removeSettled(client, projectId, eventIds, async (settled) => {
      await noteWorkflows(client, id, projectId, settled, startMs);
      // A project's outcomes are removed without looking at their events.
      if (kind !== 'project') await client.query(NOTE_EVENTS, [id, projectId, settled]);
    });
    await client.query(COUNT, [id, removed]);
    return removed;
  });
}
