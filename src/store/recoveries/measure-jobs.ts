import type { Queryable } from '../postgres/database.ts';
import { type BulkJob, openOf } from './job-row.ts';

/** A job is measured again after this time, if it is asked about. */
const MEASURED_FOR_MS = 2_000;
/** Measuring reads an index entry for each delivery, so a list does not measure all of its jobs. */
const MAX_MEASURED = 10;

const COUNT = `
  SELECT recovery_id AS id, recovery_status AS status, count(*)::int AS n FROM deliveries
  WHERE recovery_id = ANY ($1::text[]) GROUP BY recovery_id, recovery_status`;

// Outside of any transaction that works on the job, which would wait for this lock while the deliveries are counted.
const RECORD = `
  UPDATE bulk_jobs SET delivered = $2, undeliverable = $3, cancelled = $4, measured_at = now() WHERE id = $1`;

const needsMeasuring = (job: BulkJob, nowMs: number): boolean =>
  job.kind !== 'cancel' &&
  (job.endedAt === null || openOf(job) > 0) &&
  (job.measuredAt === null || nowMs - job.measuredAt.getTime() >= MEASURED_FOR_MS);

/**
 * Counts what has become of the deliveries of these jobs, unless that was done in the last 2 s or nothing is open any
 * more. `readDb`: for the counting.
 */
export async function measureJobs(
  db: Queryable,
  readDb: Queryable,
  jobs: BulkJob[],
  nowMs: number,
): Promise<BulkJob[]> {
  const stale = jobs.filter((job) => needsMeasuring(job, nowMs)).slice(0, MAX_MEASURED);
  if (stale.length === 0) return jobs;
  const { rows } = await readDb.query<{ id: string; status: string; n: number }>(COUNT, [
    stale.map(({ id }) => id),
  ]);
  const countOf = (id: string, status: string): number =>
    rows.find((row) => row.id === id && row.status === status)?.n ?? 0;
  const measured = new Map<string, BulkJob>();
  for (const job of stale) {
    const counts = ['delivered', 'undeliverable', 'cancelled'].map((status) => countOf(job.id, status));
    const [delivered, undeliverable, cancelled] = counts as [number, number, number];
    await db.query(RECORD, [job.id, delivered, undeliverable, cancelled]);
    measured.set(job.id, { ...job, delivered, undeliverable, cancelled, measuredAt: new Date(nowMs) });
  }
  return jobs.map((job) => measured.get(job.id) ?? job);
}
