import type pg from 'pg';
import type { WorkflowSignal } from '../deliveries/cancel-locked.ts';
import { tellOwner } from '../outcomes/operational-events.ts';
import { inTransaction } from '../postgres/database.ts';
import { cancelThese } from './cancel-these.ts';
import { type MatchesFilter, matchingEvents } from './filtered-events.ts';
import { type BulkJob, JOB_COLUMNS, type JobRow, jobOf } from './job-row.ts';
import { countNext, takeNext } from './look.ts';
import { lockEndpoints, replayDeliveries, sendMissing } from './new-deliveries.ts';

/** A job after a page of it. `waitMs`: how long to wait before the next one. */
export type JobPage = { job: BulkJob; waitMs: number; signals: WorkflowSignal[] };

/** Deliveries in one transaction: few, so that attempts wait only briefly for their locks. */
const MAX_PAGE = 500;
/** A page covers this long at the rate of the job, so that a pause takes effect soon. */
const PAGE_SECONDS = 2;
/**
 * A page is made this long before its first delivery is due. Without it, the time that a page takes would be lost from the
 * rate, also when the machine is busy.
 */
const LEAD_MS = 2_000;
/**
 * The first delivery of a page that was not made ahead is due after this time: those that are due before the page is
 * committed, and before the queue is read, would all be sent at once.
 */
const START_MS = 500;
/** Rows to look at for a page: a page without a match is short too. */
const ROWS_LOOKED_AT = 5_000;
/** More than a page looks at, so that counting stays ahead of it. */
const ROWS_COUNTED = 10_000;

const LOCK_JOB = `
  SELECT ${JOB_COLUMNS}, now() AS now FROM bulk_jobs job WHERE id = $1 AND run = $2 FOR UPDATE`;

const RECORD_PAGE = `
  WITH job AS (
    UPDATE bulk_jobs AS job
    SET position = $2, done = done + $3, next_due_at = $5, counted = counted + $6, worked_at = now(),
        -- At the end, what was counted and no longer fits has been skipped as well.
        skipped = CASE WHEN $2::text IS NULL AND $7::text IS NULL
                       THEN greatest(skipped + $4, counted + $6 - done - $3) ELSE skipped + $4 END,
        counted_to = CASE WHEN $2::text IS NULL THEN NULL ELSE $7 END,
        status = CASE WHEN $2::text IS NULL THEN 'done' ELSE status END,
        ended_at = CASE WHEN $2::text IS NULL THEN now() END
    WHERE id = $1
    RETURNING job.*
  ), finished AS (
    SELECT project_id, jsonb_build_object('recovery', id, 'consumer', consumer, 'sent', done, 'skipped', skipped,
                                          'startedAt', started_at, 'endedAt', ended_at) AS data
    FROM job WHERE status = 'done' AND kind <> 'cancel'
  ), told AS (
    ${tellOwner('recovery.finished', 'finished')}
  )
  SELECT ${JOB_COLUMNS} FROM job`;

/**
 * Works through the next page of a job: sends or cancels at most 500 deliveries, and records how far the job has come, in
 * one transaction. Repeating a call whose result was lost works through the page after it. Null if the job does not run,
 * or is carried by another workflow.
 */
export async function workOnJob(
  pool: pg.Pool,
  id: string,
  run: number,
  matches: MatchesFilter,
): Promise<JobPage | null> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<JobRow & { now: Date }>(LOCK_JOB, [id, run]);
    const row = rows[0];
    if (row?.status !== 'running') return null;
    const lockedAt = performance.now();
    const { now, ...columns } = row;
    const job = jobOf(columns);
    const position = job.position ?? '';

    const counted = job.countedTo === null ? null : await countNext(client, job, job.countedTo, ROWS_COUNTED);
    const most = job.rate === null ? MAX_PAGE : Math.min(MAX_PAGE, job.rate * PAGE_SECONDS);
    const taken = await takeNext(client, job, position, { rows: ROWS_LOOKED_AT, most });
    const nowMs = (): number => now.getTime() + performance.now() - lockedAt;
    const acted = await act(client, job, taken.items, nowMs, matches);
    const { done, signals, startAt, evaluated = taken.items.length, position: next = taken.next } = acted;

    const countedTo = counted === null ? null : counted.next;
    const found = counted?.matches ?? 0;
    const nextDueAt = job.rate === null ? null : new Date(startAt + (done * 1_000) / job.rate);
    const skipped = evaluated - done;
    const recorded = await client.query<JobRow>(RECORD_PAGE, [
      ...[id, next, done, skipped, nextDueAt, found, countedTo],
    ]);
    const waitMs = nextDueAt === null ? 0 : nextDueAt.getTime() - nowMs() - LEAD_MS;
    return { job: jobOf(recorded.rows[0]!), waitMs: Math.max(0, waitMs), signals };
  });
}

/** `startAt`: when the first is due. `evaluated` and `position`: if only so many were decided. */
type Acted = {
  done: number;
  signals: WorkflowSignal[];
  startAt: number;
  evaluated?: number;
  position?: string;
};

async function act(
  client: pg.PoolClient,
  job: BulkJob,
  items: { id: string; endpointId: string | null }[],
  nowMs: () => number,
  matches: MatchesFilter,
): Promise<Acted> {
  const { kind, projectId, id: jobId, policy } = job;
  const ids = items.map(({ id }) => id);
  const nothing = { done: 0, signals: [], startAt: firstDueAt(job, nowMs()) };
  if (ids.length === 0) return nothing;
  if (kind === 'cancel') {
    const { cancelled, signals } = await cancelThese(client, projectId, ids);
    return { ...nothing, done: cancelled, signals };
  }
  const endpoints = await lockEndpoints(
    client,
    items.map(({ endpointId }) => endpointId),
  );
  const filter = endpoints[0]?.filter ?? null;
  const found =
    kind === 'recover_missing' && filter !== null
      ? await matchingEvents(client, projectId, filter, ids, matches)
      : { ids, evaluated: ids.length, position: null };
  // Only now: comparing events with a filter takes up to half a second.
  const startAt = firstDueAt(job, nowMs());
  const spread = { startAt: new Date(startAt), everyMs: job.rate === null ? 0 : 1_000 / job.rate };
  const page = { projectId, jobId, ids: found.ids, endpoints, spread, now: new Date(nowMs()) };
  const done = await (kind === 'recover_missing'
    ? sendMissing(client, { ...page, policy })
    : replayDeliveries(client, page));
  return {
    ...{ done, signals: [], startAt, evaluated: found.evaluated },
    ...(found.position !== null && { position: found.position }),
  };
}

const firstDueAt = ({ nextDueAt }: BulkJob, nowMs: number): number =>
  Math.max(nextDueAt?.getTime() ?? 0, nowMs + START_MS);
