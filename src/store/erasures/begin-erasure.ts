import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import { deleteKeysOfConsumer } from '../projects/consumers.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from '../projects/enforce-quota.ts';
import { cancelJobsFor } from './erase-jobs.ts';
import { ERASURE_COLUMNS, type Erasure, type ErasureKind } from './erasures.ts';

export type NewErasure = { id: string; projectId: string; subject: string };

const COUNT_RUNNING = countUpTo('FROM erasures WHERE project_id = $1 AND completed_at IS NULL', '$2');

// A consumer that was created again since the running job began is closed once more by that job.
const insertIf = (exists: string): string => `
  INSERT INTO erasures (id, project_id, kind, subject)
  SELECT $1, $2, $3, $4 WHERE ${exists}
  ON CONFLICT (project_id, kind, subject) WHERE completed_at IS NULL
  DO UPDATE SET events_before = NULL, closed_xid = NULL
  RETURNING ${ERASURE_COLUMNS}`;

const INSERT: Record<ErasureKind, string> = {
  event: insertIf('EXISTS (SELECT FROM events WHERE project_id = $2 AND id = $4)'),
  consumer: insertIf(`
    EXISTS (SELECT FROM consumers WHERE project_id = $2 AND id = $4)
    OR EXISTS (SELECT FROM deleted_consumers WHERE project_id = $2 AND id = $4)
    OR EXISTS (SELECT FROM events WHERE project_id = $2 AND consumer = $4)`),
  project: insertIf('EXISTS (SELECT FROM projects WHERE id = $2)'),
};

const FIND_RUNNING = `
  SELECT ${ERASURE_COLUMNS} FROM erasures WHERE project_id = $1 AND kind = $2 AND subject = $3 AND completed_at IS NULL`;

async function insert(
  client: pg.PoolClient,
  kind: ErasureKind,
  { id, projectId, subject }: NewErasure,
): Promise<Erasure | null> {
  const { rows } = await client.query<Erasure>(INSERT[kind], [id, projectId, kind, subject]);
  if (rows[0]) return rows[0];
  // The subject may be gone already while its job still runs.
  return (await client.query<Erasure>(FIND_RUNNING, [projectId, kind, subject])).rows[0] ?? null;
}

/**
 * Stores the job that erases an event or a consumer, or returns the one that runs already; null if there is no such thing.
 * A consumer's keys and sessions are deleted with it, and its recoveries and cancellations end. Throws QuotaReached if the
 * project has `maxRunning` other jobs.
 */
export function beginErasure(
  pool: pg.Pool,
  kind: 'event' | 'consumer',
  erasure: NewErasure,
  maxRunning: number,
): Promise<Erasure | null> {
  const { projectId, subject } = erasure;
  return inTransaction(pool, async (client) => {
    await lockQuotaCount(client, 'erasures', projectId);
    const runs = (await client.query(FIND_RUNNING, [projectId, kind, subject])).rows.length > 0;
    if (!runs) await requireBelowQuota(client, COUNT_RUNNING, [projectId], 'erasuresOfProject', maxRunning);
    const stored = await insert(client, kind, erasure);
    if (stored && kind === 'consumer') {
      await deleteKeysOfConsumer(client, projectId, subject);
      await cancelJobsFor(client, { projectId, consumer: subject });
    }
    return stored;
  });
}

const DELETE_PROJECT_KEYS = 'DELETE FROM api_keys WHERE project_id = $1';
// With the hidden project of its operational endpoints.
const CLOSE_PROJECT = `
  UPDATE projects SET deleted_at = coalesce(deleted_at, now())
  WHERE id IN (SELECT id FROM projects WHERE id = $1 OR operational_of = $1 ORDER BY id FOR UPDATE)`;
const ERASE_OPERATIONAL = `
  INSERT INTO erasures (id, project_id, kind, subject)
  SELECT $1 || 'o', id, 'project', id FROM projects WHERE operational_of = $2
  ON CONFLICT (project_id, kind, subject) WHERE completed_at IS NULL DO NOTHING`;

/** Closes a project and stores the job that erases it, or returns the one that runs already; null if there is none. */
export function beginProjectErasure(pool: pg.Pool, id: string, projectId: string): Promise<Erasure | null> {
  return inTransaction(pool, async (client) => {
    await client.query(DELETE_PROJECT_KEYS, [projectId]);
    await client.query(CLOSE_PROJECT, [projectId]);
    await cancelJobsFor(client, { projectId, consumer: null });
    await client.query(ERASE_OPERATIONAL, [id, projectId]);
    return insert(client, 'project', { id, projectId, subject: projectId });
  });
}
