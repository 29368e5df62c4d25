import type { Queryable } from '../postgres/database.ts';
import { workflowsOfJob } from '../recoveries/job-workflows.ts';
import type { RunningErasure } from './running-erasures.ts';

/** Jobs that one statement removes. */
const BATCH = 100;

/** SQL: whether the job with this alias names the consumer that started it, or that it is about. */
const isOfConsumer = (job: string, consumer: string): string =>
  `(${job}.consumer = ${consumer} OR ${job}.filter->>'consumer' = ${consumer})`;

const cancelJobs = (condition: string): string => `
  UPDATE bulk_jobs SET status = 'cancelled', ended_at = now()
  WHERE id IN (SELECT job.id FROM bulk_jobs job
               WHERE job.project_id = $1 AND job.status IN ('running', 'paused') AND ${condition}
               ORDER BY job.id FOR UPDATE)`;

const CANCEL_OF_CONSUMER = cancelJobs(isOfConsumer('job', '$2'));
const CANCEL_OF_PROJECT = cancelJobs('true');

/** Ends the recoveries and cancellations of a project that is being erased, or those of one of its consumers. */
export async function cancelJobsFor(
  db: Queryable,
  { projectId, consumer }: { projectId: string; consumer: string | null },
): Promise<void> {
  if (consumer === null) await db.query(CANCEL_OF_PROJECT, [projectId]);
  else await db.query(CANCEL_OF_CONSUMER, [projectId, consumer]);
}

// A workflow that was about to start when its job ended may start after it has been looked for.
const eraseJobs = (condition: string): string => `
  WITH gone AS (
    DELETE FROM bulk_jobs WHERE id IN (
      SELECT job.id FROM bulk_jobs job WHERE job.project_id = $2 AND ${condition} ORDER BY job.id LIMIT ${BATCH} FOR UPDATE)
    RETURNING id, project_id, run, ended_at
  ), noted AS (
    INSERT INTO erased_workflows (erasure_id, workflow_id, check_at)
    SELECT $1, workflow.id,
           greatest(clock_timestamp(), coalesce(gone.ended_at, clock_timestamp()) + $3 * interval '1 millisecond')
    FROM gone, ${workflowsOfJob('gone')}
    ON CONFLICT (erasure_id, workflow_id) DO NOTHING
  )
  SELECT count(*)::int AS n FROM gone`;

const ERASE_OF_CONSUMER = eraseJobs(`${isOfConsumer('job', '$4')} AND job.started_at < $5`);
const ERASE_OF_PROJECT = eraseJobs('true');

/**
 * Removes up to 100 recoveries and cancellations of the project or consumer, and notes their workflows, which are to be
 * deleted. `startMs`: how long a workflow may take to start. Returns false when none is left.
 */
export async function eraseNextJobs(
  db: Queryable,
  { id, kind, projectId, subject, eventsBefore }: RunningErasure,
  startMs: number,
): Promise<boolean> {
  if (kind === 'event') return false;
  const values = [id, projectId, startMs];
  const { rows } = await (kind === 'project'
    ? db.query<{ n: number }>(ERASE_OF_PROJECT, values)
    : db.query<{ n: number }>(ERASE_OF_CONSUMER, [...values, subject, eventsBefore]));
  return rows[0]!.n > 0;
}
