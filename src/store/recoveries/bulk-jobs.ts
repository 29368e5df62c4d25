import type pg from 'pg';
import type { Quotas } from '../../policy/quotas.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from '../projects/enforce-quota.ts';
import type { Scope } from '../scope.ts';
import { type BulkJob, JOB_COLUMNS, type JobRow, type JobScope, jobOf } from './job-row.ts';

export type JobQuotas = Pick<Quotas, 'recoveriesOfProject' | 'recoveriesOfConsumer'>;

export type NewJob = JobScope & {
  id: string;
  consumer: string | null;
  startedBy: string;
  policy: string;
  rate: number | null;
  counted: number;
  /** The position up to which has been counted; null: all. */
  countedTo: string | null;
};

// Those of its own keys, or those of all its consumers, which must not keep its own keys from starting one.
const OPEN_OF_PROJECT = countUpTo(
  `FROM bulk_jobs WHERE project_id = $1 AND status IN ('running', 'paused') AND (consumer IS NULL) = $2::boolean`,
  '$3',
);
const OPEN_OF_CONSUMER = countUpTo(
  `FROM bulk_jobs WHERE project_id = $1 AND status IN ('running', 'paused') AND consumer = $2`,
  '$3',
);

const INSERT = `
  INSERT INTO bulk_jobs AS job (id, kind, project_id, consumer, started_by, filter, delivery_ids, policy, rate, counted,
                                counted_to)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  RETURNING ${JOB_COLUMNS}`;

/** Stores a job that is to run. Throws QuotaReached, and then stores nothing. */
export async function insertJob(pool: pg.Pool, job: NewJob, quotas: JobQuotas): Promise<BulkJob> {
  const { id, kind, projectId, consumer, startedBy, filter, deliveryIds, policy, rate } = job;
  return inTransaction(pool, async (client) => {
    await lockQuotaCount(client, 'jobs', projectId);
    const require = (count: string, values: (string | boolean)[], quota: keyof JobQuotas) =>
      requireBelowQuota(client, count, values, quota, quotas[quota]);
    if (consumer !== null) await require(OPEN_OF_CONSUMER, [projectId, consumer], 'recoveriesOfConsumer');
    await require(OPEN_OF_PROJECT, [projectId, consumer === null], 'recoveriesOfProject');
    const { rows } = await client.query<JobRow>(INSERT, [
      ...[id, kind, projectId, consumer, startedBy, JSON.stringify(filter), deliveryIds, policy, rate],
      ...[job.counted, job.countedTo],
    ]);
    return jobOf(rows[0]!);
  });
}

/** SQL: whether the job is one of `kinds` that the caller may see. $1 project, $2 consumer, $3 since when it exists. */
const IS_VISIBLE = `
  job.project_id = $1 AND ($2::text IS NULL OR job.consumer = $2)
  AND ($3::timestamptz IS NULL OR job.started_at >= $3)`;

const visible = ({ projectId, consumer, since = null }: Scope) => [projectId, consumer, since];

/** The prefix of the ids of recoveries, or of cancellations. */
export type JobPrefix = 'rec' | 'can';

const FIND = `SELECT ${JOB_COLUMNS} FROM bulk_jobs job WHERE ${IS_VISIBLE} AND job.id = $4 AND starts_with(job.id, $5)`;

export async function findJob(
  db: Queryable,
  scope: Scope,
  prefix: JobPrefix,
  id: string,
): Promise<BulkJob | undefined> {
  const { rows } = await db.query<JobRow>(FIND, [...visible(scope), id, `${prefix}_`]);
  return rows.map(jobOf)[0];
}

// One statement for each, so that a plan for any values reads a consumer's along their own index.
const listOf = (also: string): string => `
  SELECT ${JOB_COLUMNS} FROM bulk_jobs job
  WHERE ${IS_VISIBLE} AND job.id < $4 AND job.id > $5 AND ${also}
  ORDER BY job.id DESC LIMIT $6`;
const LIST = listOf('true');
const LIST_OF_CONSUMER = listOf('job.consumer = $2 AND job.consumer IS NOT NULL');

/** Lists jobs, newest first. */
export async function listJobs(
  db: Queryable,
  scope: Scope,
  prefix: JobPrefix,
  page: PageRequest,
): Promise<Page<BulkJob>> {
  const before = page.after?.[0] ?? maxId(prefix);
  const { rows } = await db.query<JobRow>(scope.consumer === null ? LIST : LIST_OF_CONSUMER, [
    ...[...visible(scope), before, `${prefix}_`, page.limit + 1],
  ]);
  return pageOf(rows.map(jobOf), page.limit, ({ id }) => [id]);
}

export type JobAction = 'pause' | 'resume' | 'cancel';

// A job that is resumed runs anew: an earlier workflow that has not noticed the pause changes nothing any more.
const CHANGES: Record<JobAction, string> = {
  pause: `status = 'paused'`,
  resume: `status = 'running', run = run + 1, worked_at = now(), checked_at = now()`,
  cancel: `status = 'cancelled', ended_at = now()`,
};
const CHANGEABLE: Record<JobAction, string> = {
  pause: `status = 'running'`,
  resume: `status = 'paused'`,
  cancel: `status IN ('running', 'paused')`,
};

/** Changes the state of a job. Resolves with it, whether or not it changed; undefined if there is no such job. */
export async function changeJob(
  db: Queryable,
  scope: Scope,
  prefix: JobPrefix,
  id: string,
  action: JobAction,
): Promise<{ job: BulkJob; changed: boolean } | undefined> {
  const change = `
    UPDATE bulk_jobs job SET ${CHANGES[action]}
    WHERE ${IS_VISIBLE} AND job.id = $4 AND starts_with(job.id, $5) AND ${CHANGEABLE[action]}`;
  const { rowCount } = await db.query(change, [...visible(scope), id, `${prefix}_`]);
  const job = await findJob(db, scope, prefix, id);
  return job && { job, changed: rowCount === 1 };
}

const CHECK_STALLED = `
  UPDATE bulk_jobs job SET checked_at = now()
  FROM (SELECT id FROM bulk_jobs
        WHERE status = 'running' AND greatest(worked_at, checked_at) < now() - $1 * interval '1 millisecond'
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) AS stalled
  WHERE job.id = stalled.id
  RETURNING ${JOB_COLUMNS}`;

/** Returns running jobs without progress for `ageMs`, and no others call finds them for as long. */
export async function stalledJobs(db: Queryable, ageMs: number, limit: number): Promise<BulkJob[]> {
  const { rows } = await db.query<JobRow>(CHECK_STALLED, [ageMs, limit]);
  return rows.map(jobOf);
}

const RUN_ANEW = `
  UPDATE bulk_jobs job SET run = run + 1, worked_at = now()
  WHERE id = $1 AND run = $2 AND status = 'running'
  RETURNING ${JOB_COLUMNS}`;

/** Gives a running job the number of its next workflow; undefined if another process has, or if it does not run any more. */
export async function runAnew(db: Queryable, { id, run }: BulkJob): Promise<BulkJob | undefined> {
  const { rows } = await db.query<JobRow>(RUN_ANEW, [id, run]);
  return rows.map(jobOf)[0];
}

const REMOVE_OLD = `
  DELETE FROM bulk_jobs
  WHERE id IN (SELECT id FROM bulk_jobs WHERE ended_at < $1 ORDER BY ended_at LIMIT 500)`;

/** Removes up to 500 jobs that ended before `before`. Returns how many. */
export async function removeOldJobs(db: Queryable, before: Date): Promise<number> {
  return (await db.query(REMOVE_OLD, [before])).rowCount ?? 0;
}
