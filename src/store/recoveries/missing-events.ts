import type { Queryable } from '../postgres/database.ts';
import { allOf, exactTime } from '../postgres/pages.ts';
import type { BulkFilter } from './bulk-filter.ts';
import type { Counted, JobScope, Taken } from './job-row.ts';

// $1 project, $2 the position, $3 endpoint, $4 rows to look at, $5 filter, $6 the most to take. The scan is bounded by times
// and by the position, and is in the order of its index; for a consumer, along the index of its events.
const POSITION_TIME = `split_part($2, ' ', 1)::timestamptz`;
const SINCE = `CASE WHEN $2 = '' THEN ($5::jsonb->>'since')::timestamptz ELSE ${POSITION_TIME} END`;
const UNTIL = `($5::jsonb->>'until')::timestamptz`;
const AFTER = `($2 = '' OR (e.created_at, e.id) > (${POSITION_TIME}, split_part($2, ' ', 2)))`;
// Without the body and data, which may be large.
const COLUMNS = `
  e.project_id, e.id, e.type, e.consumer, e.test, e.target_url, e.expires_at, e.payload_removed_at, e.created_at,
  e.delivery_count`;
const OF_PROJECT = `
  SELECT ${COLUMNS} FROM events e
  WHERE e.project_id = $1 AND e.created_at >= ${SINCE} AND e.created_at < ${UNTIL} AND ${AFTER}
  ORDER BY e.created_at, e.id LIMIT $4`;
const OF_CONSUMER = `
  SELECT ${COLUMNS} FROM events e
  WHERE e.project_id = $1 AND (e.consumer, e.created_at) >= ($5::jsonb->>'consumer', ${SINCE})
    AND (e.consumer, e.created_at) < ($5::jsonb->>'consumer', ${UNTIL}) AND e.consumer IS NOT NULL AND ${AFTER}
  ORDER BY e.consumer, e.created_at, e.id LIMIT $4`;

const isSubscribed = (patterns: string, type: string): string => `EXISTS (
  SELECT FROM unnest(${patterns}) AS pattern
  WHERE pattern = '*' OR pattern = ${type}
     OR right(pattern, 2) = '.*' AND starts_with(${type}, left(pattern, -1)))`;

/** SQL: whether the event `e` would go to the endpoint with this alias now, and has no delivery to it. */
export const isMissing = (endpoint: string): string => `
  NOT e.test AND e.target_url IS NULL AND coalesce(e.expires_at > now(), true)
  AND e.payload_removed_at IS NULL AND e.consumer IS NOT DISTINCT FROM ${endpoint}.consumer
  AND ${isSubscribed(`${endpoint}.events`, 'e.type')}
  AND NOT EXISTS (
    SELECT FROM deliveries d
    WHERE d.project_id = e.project_id AND d.event_id = e.id AND d.endpoint_id = ${endpoint}.id)`;

/** Deliveries of the events that are looked at, all of which are read to find one to the endpoint. */
const MAX_DELIVERIES = 20_000;

const fitting = (rows: string, { type, eventsSince }: BulkFilter): string => `
  WITH looked AS MATERIALIZED (
    SELECT * FROM (
      SELECT e.*, count(*) OVER () AS found,
             sum(e.delivery_count) OVER (ORDER BY e.created_at, e.id) - e.delivery_count AS deliveries_before
      FROM (${rows}) AS e
    ) AS e
    WHERE deliveries_before < ${MAX_DELIVERIES}
  ), fitting AS MATERIALIZED (
    SELECT e.id, e.created_at FROM looked e, endpoints endpoint
    WHERE endpoint.id = $3 AND endpoint.project_id = $1 AND endpoint.status <> 'deleted' AND ${allOf([
      type !== null && `e.type = $5::jsonb->>'type'`,
      eventsSince !== null && `e.created_at >= ($5::jsonb->>'eventsSince')::timestamptz`,
      isMissing('endpoint'),
    ])}
    ORDER BY e.created_at, e.id LIMIT $6
  )`;

const last = (table: string): string =>
  `(SELECT ${exactTime('created_at')} || ' ' || id FROM ${table} ORDER BY created_at DESC, id DESC LIMIT 1)`;
const NEXT = `
  CASE WHEN (SELECT count(*) FROM fitting) >= $6::int THEN ${last('fitting')}
       WHEN (SELECT count(*) >= $4::int OR count(*) < max(found) FROM looked) THEN ${last('looked')} END AS next`;

const take = (rows: string, filter: BulkFilter): string => `
  ${fitting(rows, filter)}
  SELECT coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'endpointId', $3::text) ORDER BY created_at, id)
                   FROM fitting), '[]') AS items, ${NEXT}`;
const count = (rows: string, filter: BulkFilter): string => `
  ${fitting(rows, filter)}
  SELECT count(*)::int AS matches, min(created_at) AS "oldestAt", max(created_at) AS "newestAt",
         CASE WHEN count(*) > 0 THEN ARRAY[$3::text] ELSE '{}' END AS endpoints, ${NEXT}
  FROM fitting`;

const rowsOf = ({ consumer }: BulkFilter): string => (consumer === null ? OF_PROJECT : OF_CONSUMER);
const valuesOf = ({ projectId, filter }: JobScope, after: string, rows: number, most: number) => [
  ...[projectId, after, filter.endpoint, rows, JSON.stringify(filter), most],
];

/** The next events that are missing. The filter of the job names the endpoint, and its consumer. */
export async function takeMissing(
  db: Queryable,
  job: JobScope,
  after: string,
  { rows, most }: { rows: number; most: number },
): Promise<Taken> {
  const found = await db.query<Taken>(take(rowsOf(job.filter), job.filter), valuesOf(job, after, rows, most));
  return found.rows[0]!;
}

export async function countMissing(
  db: Queryable,
  job: JobScope,
  after: string,
  rows: number,
): Promise<Counted> {
  const found = await db.query<Counted>(
    count(rowsOf(job.filter), job.filter),
    valuesOf(job, after, rows, rows),
  );
  return found.rows[0]!;
}
