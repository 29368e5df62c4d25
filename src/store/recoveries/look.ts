import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { deliveryIdsBetween } from '../deliveries/delivery-lists.ts';
import { hasStatus } from '../deliveries/status-sql.ts';
import type { Queryable } from '../postgres/database.ts';
import { type BulkFilter, fitsFilter } from './bulk-filter.ts';
import type { Counted, JobScope, Taken } from './job-row.ts';
import { countMissing, takeMissing } from './missing-events.ts';

// $1 project, $2 the position, $3 an id above the last, $4 rows to look at, $5 filter, $6 ids, $7 the most to take.
type Source = { where: string; order: string; fits: string };
// The first column of the index is compared for equality. If it were bounded from both sides, as in the lists, a plan that
// does not know the values takes these bounds for far more selective than they are, and reads all deliveries of the project.
const ofProject = (also: string) => ({
  where: `d.project_id = $1 AND d.id > $2 AND d.id < $3 AND ${also}`,
  order: 'd.id',
});
const FAILED_OF_CONSUMER = {
  where: `d.project_id = $1 AND d.consumer = $5::jsonb->>'consumer' AND d.consumer IS NOT NULL AND d.id > $2 AND d.id < $3
   AND d.needs_attention`,
  order: 'd.id',
};
const TO_ENDPOINT = {
  where: `d.endpoint_id = $5::jsonb->>'endpoint' AND d.id > $2 AND d.id < $3 AND d.project_id = $1`,
  order: 'd.id',
};
const LISTED = {
  where: 'd.project_id = $1 AND d.id > $2 AND d.id = ANY ($6::text[]) AND d.id < $3',
  order: 'd.id',
};

const IS_FAILED = `d.status = 'undeliverable' AND d.replayed_by IS NULL AND d.dismissed_at IS NULL`;
// Somebody has chosen these deliveries, so a dismissal and a cancellation do not count.
const IS_LISTED_AND_FAILED = `d.status IN ('undeliverable', 'cancelled') AND d.replayed_by IS NULL`;
const IS_OPEN = `${hasStatus('d.status', OPEN_STATUSES)} AND d.cancel_reason IS NULL`;

function sourceOf({ kind, filter, deliveryIds }: JobScope): Source {
  const isCancel = kind === 'cancel';
  if (deliveryIds) return { ...LISTED, fits: isCancel ? IS_OPEN : IS_LISTED_AND_FAILED };
  if (!isCancel && filter.consumer !== null) return { ...FAILED_OF_CONSUMER, fits: IS_FAILED };
  if (!isCancel) return { ...ofProject('d.needs_attention'), fits: IS_FAILED };
  return { ...(filter.endpoint === null ? ofProject('true') : TO_ENDPOINT), fits: IS_OPEN };
}

const looked = ({ where, order }: Source, columns: string): string => `
  SELECT ${columns} FROM deliveries d WHERE ${where} AND ($6::text[] IS NULL OR d.id = ANY ($6)) ORDER BY ${order} LIMIT $4`;

// In the order of the index, so that no more rows are read than it takes to find $7 that fit.
const fitting = (source: Source, filter: BulkFilter): string => `
  WITH fitting AS MATERIALIZED (
    SELECT d.id, d.endpoint_id, d.created_at FROM (${looked(source, 'd.*')}) AS d
    WHERE ${source.fits} AND ${fitsFilter(filter, '$5::jsonb')}
    ORDER BY ${source.order} LIMIT $7
  )`;

/** SQL: the last id that was looked at; null if there is none after it. */
const next = (source: Source): string => `
  CASE WHEN (SELECT count(*) FROM fitting) >= $7::int THEN (SELECT max(id) FROM fitting)
       ELSE (SELECT d.id FROM (${looked(source, 'd.id')}) AS d OFFSET $4::int - 1 LIMIT 1) END AS next`;

const take = (source: Source, filter: BulkFilter): string => `
  ${fitting(source, filter)}
  SELECT coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'endpointId', endpoint_id) ORDER BY id) FROM fitting), '[]')
           AS items,
         ${next(source)}`;

const count = (source: Source, filter: BulkFilter): string => `
  ${fitting(source, filter)}
  SELECT count(*)::int AS matches, min(created_at) AS "oldestAt", max(created_at) AS "newestAt",
         coalesce(array_agg(DISTINCT endpoint_id), '{}') AS endpoints, ${next(source)}
  FROM fitting`;

function valuesOf({ projectId, filter, deliveryIds }: JobScope, after: string, rows: number, most: number) {
  const [lowest, above] = deliveryIdsBetween(filter.since, filter.until);
  return [projectId, after === '' ? lowest : after, above, rows, JSON.stringify(filter), deliveryIds, most];
}

/** Looks at the next `rows` rows of a job, and takes at most `most` that fit. Nothing is locked. */
export async function takeNext(
  db: Queryable,
  job: JobScope,
  after: string,
  { rows, most }: { rows: number; most: number },
): Promise<Taken> {
  if (job.kind === 'recover_missing') return takeMissing(db, job, after, { rows, most });
  const found = await db.query<Taken>(take(sourceOf(job), job.filter), valuesOf(job, after, rows, most));
  return found.rows[0]!;
}

/** Counts what fits among the next `rows` rows of a job. */
export async function countNext(db: Queryable, job: JobScope, after: string, rows: number): Promise<Counted> {
  if (job.kind === 'recover_missing') return countMissing(db, job, after, rows);
  const found = await db.query<Counted>(count(sourceOf(job), job.filter), valuesOf(job, after, rows, rows));
  return found.rows[0]!;
}
