import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { beginAnew } from '../receivers/failures/begin-anew.ts';
import { NEW_GENERATION, type PendingResync } from './endpoint-status.ts';
import { FREE_PLAN } from './hold-reason.ts';

/** A project or consumer whose plans changed, and whose endpoints have to be suspended or resumed accordingly. */
export type PendingPlanChange = { projectId: string; consumer: string | null; generation: string };

/** SQL: whether the plan of consumer `c` excludes webhooks in project `p`. With null plans in force, every plan includes them. */
const IS_EXCLUDED_BY_PLAN = `coalesce(NOT coalesce(c.plan, '${FREE_PLAN}') = ANY (p.plans_in_force), false)`;

const ENDPOINTS_OUT_OF_SYNC = `
  FROM endpoints e
  JOIN projects p ON p.id = e.project_id
  LEFT JOIN consumers c ON c.project_id = e.project_id AND c.id = e.consumer
  WHERE e.project_id = $1 AND e.status <> 'deleted' AND (e.suspended IS NOT NULL) <> ${IS_EXCLUDED_BY_PLAN}`;

const OUT_OF_SYNC_OF_PROJECT = `
  SELECT e.id, e.consumer ${ENDPOINTS_OUT_OF_SYNC} AND e.id > $2 AND e.consumer IS NOT NULL ORDER BY e.id LIMIT $3`;

const OUT_OF_SYNC_OF_CONSUMER = `
  SELECT e.id, e.consumer ${ENDPOINTS_OUT_OF_SYNC} AND e.id > $2 AND e.consumer = $4 ORDER BY e.id LIMIT $3`;

// The order of locks is project, consumers, endpoints, deliveries, events. FOR SHARE keeps the plans unchanged while they
// are applied. It does not conflict with ingest, which locks endpoints before it inserts a consumer that exists already.
const LOCK_PROJECT = `SELECT FROM projects WHERE id = $1 FOR SHARE`;
const LOCK_CONSUMERS = `
  SELECT FROM consumers WHERE project_id = $1 AND id = ANY ($2::text[]) ORDER BY id FOR SHARE`;
const LOCK_ENDPOINTS = `SELECT FROM endpoints WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE`;

const APPLY = `
  UPDATE endpoints e
  SET suspended = CASE WHEN e.suspended IS NULL THEN 'plan' END, resync_due_at = ${NEW_GENERATION}
  WHERE e.id IN (SELECT e.id ${ENDPOINTS_OUT_OF_SYNC} AND e.id = ANY ($2::text[]))
  RETURNING e.id, e.suspended IS NULL AS "isResumed", e.resync_due_at::text AS generation`;

/** Endpoints in one transaction; ingest waits for their locks until it ends. */
const APPLY_BATCH = 200;

/**
 * Suspends or resumes the next 200 endpoints of a project (or of one of its consumers) that are not in line with the
 * plans, after `afterId` in id order. Returns those with held deliveries, which have to be resynced, and in `next` the id
 * to continue after (null when done).
 */
export async function applyPlans(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  afterId: string,
): Promise<{ next: string | null; resyncs: PendingResync[] }> {
  const found = await (consumer === null
    ? pool.query<OutOfSync>(OUT_OF_SYNC_OF_PROJECT, [projectId, afterId, APPLY_BATCH])
    : pool.query<OutOfSync>(OUT_OF_SYNC_OF_CONSUMER, [projectId, afterId, APPLY_BATCH, consumer]));
  if (found.rows.length === 0) return { next: null, resyncs: [] };
  const ids = found.rows.map(({ id }) => id);
  const resyncs = await inTransaction(pool, async (client) => {
    await client.query(LOCK_PROJECT, [projectId]);
    await client.query(LOCK_CONSUMERS, [projectId, [...new Set(found.rows.map((row) => row.consumer))]]);
    await client.query(LOCK_ENDPOINTS, [ids]);
    type Row = { id: string; isResumed: boolean; generation: string | null };
    const { rows } = await client.query<Row>(APPLY, [projectId, ids]);
    const resumed = rows.flatMap(({ id, isResumed }) => (isResumed ? [id] : []));
    if (resumed.length > 0) await beginAnew(client, resumed);
    return rows.flatMap(({ id, generation }) => (generation === null ? [] : [{ id, generation }]));
  });
  return { next: ids.length === APPLY_BATCH ? ids.at(-1)! : null, resyncs };
}

type OutOfSync = { id: string; consumer: string };

const PLANS_DUE = `
  SELECT id AS "projectId", NULL AS consumer, plans_apply_due_at::text AS generation FROM projects
  WHERE plans_apply_due_at < now() - $1 * interval '1 millisecond'
  UNION ALL
  SELECT project_id, id, plan_apply_due_at::text FROM consumers
  WHERE plan_apply_due_at < now() - $1 * interval '1 millisecond'`;

/** Returns the plan changes that are at least `ageMs` old and not completely applied. */
export async function pendingPlanChanges(db: Queryable, ageMs: number): Promise<PendingPlanChange[]> {
  return (await db.query<PendingPlanChange>(PLANS_DUE, [ageMs])).rows;
}

const COMPLETE_FOR_PROJECT = `UPDATE projects SET plans_apply_due_at = NULL WHERE id = $1 AND plans_apply_due_at = $2::timestamptz`;
const COMPLETE_FOR_CONSUMER = `
  UPDATE consumers SET plan_apply_due_at = NULL WHERE project_id = $1 AND id = $3 AND plan_apply_due_at = $2::timestamptz`;

/** Marks the plan change as applied, unless the plans have changed again since `generation`. */
export async function completePlanChange(
  db: Queryable,
  { projectId, consumer, generation }: PendingPlanChange,
): Promise<void> {
  if (consumer === null) await db.query(COMPLETE_FOR_PROJECT, [projectId, generation]);
  else await db.query(COMPLETE_FOR_CONSUMER, [projectId, generation, consumer]);
}

const PLANS_OF = `
  SELECT wanted.id, coalesce(c.plan, '${FREE_PLAN}') AS plan
  FROM unnest($2::text[]) AS wanted (id)
  LEFT JOIN consumers c ON c.project_id = $1 AND c.id = wanted.id`;

/** Returns the plan of each consumer. A consumer without a plan, or one that does not exist yet, has `free`. */
export async function plansOfConsumers(
  db: Queryable,
  projectId: string,
  consumers: string[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; plan: string }>(PLANS_OF, [projectId, consumers]);
  return new Map(rows.map(({ id, plan }) => [id, plan]));
}
