import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { exactTime, type Page, type PageRequest, pageOf, parseSortKeyTime } from '../postgres/pages.ts';
import { removeIdempotencyKeysOfConsumer } from './create-once.ts';

export type Consumer = { id: string; name: string | null; plan: string | null; createdAt: Date };

const PUT_CONSUMER = `
  INSERT INTO consumers AS c (project_id, id, name, plan) VALUES ($1, $2, $3, $4)
  ON CONFLICT (project_id, id) DO UPDATE
  SET name = excluded.name, plan = excluded.plan,
      plan_apply_due_at = CASE WHEN c.plan IS DISTINCT FROM excluded.plan THEN clock_timestamp() ELSE c.plan_apply_due_at END
  RETURNING id, name, plan, created_at AS "createdAt", plan_apply_due_at::text AS generation`;

/**
 * Creates the consumer, or sets the name and plan of the existing one. If the result has a `generation`, the plan has to
 * be applied to the consumer's endpoints.
 */
export async function putConsumer(
  db: Queryable,
  projectId: string,
  consumer: { id: string; name: string | null; plan: string | null },
): Promise<{ consumer: Consumer; generation: string | null }> {
  const { rows } = await db.query<Consumer & { generation: string | null }>(PUT_CONSUMER, [
    projectId,
    consumer.id,
    consumer.name,
    consumer.plan,
  ]);
  const { generation, ...stored } = rows[0]!;
  return { consumer: stored, generation };
}

const FIND_CONSUMER = `
  SELECT id, name, plan, created_at AS "createdAt" FROM consumers WHERE project_id = $1 AND id = $2`;

export async function findConsumer(
  db: Queryable,
  projectId: string,
  id: string,
): Promise<Consumer | undefined> {
  const { rows } = await db.query<Consumer>(FIND_CONSUMER, [projectId, id]);
  return rows[0];
}

const LIST_CONSUMERS = `
  SELECT id, name, plan, created_at AS "createdAt", ${exactTime('created_at')} AS time
  FROM consumers
  WHERE project_id = $1 AND created_at <= coalesce($2::timestamptz, 'infinity')
    AND ($2::timestamptz IS NULL OR (created_at, id) < ($2::timestamptz, $3::text))
  ORDER BY created_at DESC, id DESC
  LIMIT $4`;

export async function listConsumers(
  db: Queryable,
  projectId: string,
  page: PageRequest,
): Promise<Page<Consumer>> {
  const [time = null, id = null] = page.after ?? [];
  const values = [projectId, time === null ? null : parseSortKeyTime(time), id, page.limit + 1];
  const { rows } = await db.query<Consumer & { time: string }>(LIST_CONSUMERS, values);
  const { items, next } = pageOf(rows, page.limit, (row) => [row.time, row.id]);
  return { items: items.map(({ time: _, ...consumer }) => consumer), next };
}

// Without its portal links, a session could begin again.
const DELETE_KEYS = `
  WITH link AS (
    DELETE FROM portal_links WHERE project_id = $1 AND consumer = $2
  ), session AS (
    DELETE FROM sessions WHERE project_id = $1 AND consumer = $2
  )
  DELETE FROM api_keys WHERE project_id = $1 AND consumer = $2`;

/** Deletes the consumer's keys, portal links and sessions, so that no new call can act for it. */
export async function deleteKeysOfConsumer(db: Queryable, projectId: string, id: string): Promise<void> {
  await db.query(DELETE_KEYS, [projectId, id]);
}

const ENDPOINTS_OF = `
  SELECT id FROM endpoints WHERE project_id = $1 AND consumer = $2 AND status <> 'deleted' ORDER BY id`;

// Waits for every registration of an endpoint that has found the consumer.
const LOCK_CONSUMER = `SELECT FROM consumers WHERE project_id = $1 AND id = $2 FOR UPDATE`;

// Also deletes the keys and sessions that the project has created in the meantime. The events stay visible to the project. A later
// consumer with the same id sees only events that are newer than the last of them.
const DELETE_CONSUMER = `
  WITH deleted_key AS (
    DELETE FROM api_keys WHERE project_id = $1 AND consumer = $2
  ), deleted_link AS (
    DELETE FROM portal_links WHERE project_id = $1 AND consumer = $2
  ), ended_session AS (
    DELETE FROM sessions WHERE project_id = $1 AND consumer = $2
  ), last_event AS (
    SELECT max(created_at) AS at FROM events WHERE project_id = $1 AND consumer = $2
  ), deletion AS (
    INSERT INTO deleted_consumers (project_id, id, deleted_at)
    SELECT $1, $2, date_trunc('milliseconds', at) + interval '1 millisecond' FROM last_event WHERE at IS NOT NULL
    ON CONFLICT (project_id, id) DO UPDATE SET deleted_at = greatest(deleted_consumers.deleted_at, excluded.deleted_at)
  )
  DELETE FROM consumers WHERE project_id = $1 AND id = $2`;

/** Deletes the consumer. Returns false and changes nothing while it has endpoints, because they need its plan. */
export const deleteConsumer = (pool: pg.Pool, projectId: string, id: string): Promise<boolean> =>
  inTransaction(pool, (client) => deleteConsumerIn(client, projectId, id));

/** The same within a transaction. */
export async function deleteConsumerIn(
  client: pg.PoolClient,
  projectId: string,
  id: string,
): Promise<boolean> {
  await removeIdempotencyKeysOfConsumer(client, projectId, id);
  await client.query(LOCK_CONSUMER, [projectId, id]);
  if ((await client.query(ENDPOINTS_OF, [projectId, id])).rows.length > 0) return false;
  await client.query(DELETE_CONSUMER, [projectId, id]);
  return true;
}

export async function endpointIdsOfConsumer(db: Queryable, projectId: string, id: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(ENDPOINTS_OF, [projectId, id]);
  return rows.map((row) => row.id);
}
