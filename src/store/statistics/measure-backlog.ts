import type { Queryable } from '../postgres/database.ts';
import { startOf } from './spans.ts';

/** The endpoints with the most open deliveries that are listed. */
const ENDPOINTS = 20;
/** How far ahead due times are counted, and how finely. */
export const DUE_WITHIN_MINUTES = 120;
export const DUE_STEP_MINUTES = 5;

const COLUMNS =
  'd.project_id, d.consumer, d.endpoint_id, d.status, d.created_at, d.due_at, d.attempts, d.owner, d.lane';

const ofStatus = (status: string): string => `
    SELECT ${COLUMNS} FROM projects
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries WHERE deliveries.project_id = projects.id AND listed_status = '${status}' OFFSET 0
    ) AS d`;

// Each part uses a partial index of open deliveries, so the cost follows the backlog and never the table. A delivery is in
// one part, by its status and owner. What has not changed is not written again. The oldest without an attempt tells whether
// workers keep up, so those that wait for their receiver's gate are left out.
const MEASURE = `
  WITH open AS (${ofStatus('retrying')}
    UNION ALL ${ofStatus('held')}
    UNION ALL
    SELECT ${COLUMNS} FROM deliveries d
    WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND status = 'pending'
    UNION ALL
    SELECT ${COLUMNS} FROM deliveries d
    WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane = 'restricted' AND status = 'pending'
    UNION ALL
    SELECT ${COLUMNS} FROM assigned_first_attempts listed
    CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = listed.delivery_id OFFSET 0) AS d
    WHERE d.status = 'pending' AND d.owner IS NOT NULL
  ), grouped AS MATERIALIZED (
    SELECT project_id, consumer, endpoint_id,
           CASE WHEN due_at < now() + interval '${DUE_WITHIN_MINUTES} minutes'
                THEN ${startOf(`${DUE_STEP_MINUTES}`, 'greatest(due_at, now())')} END AS slot,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           count(*) FILTER (WHERE status = 'retrying') AS retrying,
           count(*) FILTER (WHERE status = 'held') AS held,
           min(created_at) AS oldest_open_at,
           min(created_at) FILTER (WHERE attempts = 0 AND due_at <= now() AND NOT (owner IS NULL AND lane = 'restricted'))
             AS oldest_unattempted_at
    FROM open
    GROUP BY 1, 2, 3, 4
  ), scoped AS MATERIALIZED (
    SELECT scoped.scope, grouped.* FROM grouped
    CROSS JOIN LATERAL (VALUES (''), ('c/' || consumer)) AS scoped (scope)
    WHERE scoped.scope IS NOT NULL
  ), due AS (
    SELECT project_id, scope, jsonb_object_agg(extract(epoch FROM slot)::bigint, n) AS due
    FROM (SELECT project_id, scope, slot, sum(pending + retrying) AS n FROM scoped WHERE slot IS NOT NULL GROUP BY 1, 2, 3) AS by_slot
    GROUP BY 1, 2
  ), endpoint AS (
    SELECT project_id, scope, jsonb_agg(jsonb_build_object(
             'endpoint', endpoint_id, 'pending', pending, 'retrying', retrying, 'held', held, 'oldestOpenAt', oldest_open_at)
             ORDER BY position) AS endpoints
    FROM (
      SELECT project_id, scope, endpoint_id, sum(pending) AS pending, sum(retrying) AS retrying, sum(held) AS held,
             min(oldest_open_at) AS oldest_open_at,
             row_number() OVER (PARTITION BY project_id, scope ORDER BY sum(pending + retrying + held) DESC, endpoint_id) AS position
      FROM scoped WHERE endpoint_id IS NOT NULL
      GROUP BY 1, 2, 3
    ) AS ranked
    WHERE position <= ${ENDPOINTS}
    GROUP BY 1, 2
  ), measured AS MATERIALIZED (
    SELECT total.*, coalesce(due.due, '{}') AS due, coalesce(endpoint.endpoints, '[]') AS endpoints
    FROM (
      SELECT project_id, scope, sum(pending)::int AS pending, sum(retrying)::int AS retrying, sum(held)::int AS held,
             min(oldest_open_at) AS oldest_open_at, min(oldest_unattempted_at) AS oldest_unattempted_at
      FROM scoped GROUP BY 1, 2
    ) AS total
    LEFT JOIN due USING (project_id, scope)
    LEFT JOIN endpoint USING (project_id, scope)
    WHERE EXISTS (SELECT FROM projects WHERE id = total.project_id AND deleted_at IS NULL)
  ), removed AS (
    DELETE FROM backlog
    WHERE NOT EXISTS (SELECT FROM measured WHERE measured.project_id = backlog.project_id AND measured.scope = backlog.scope)
  ), dated AS (
    UPDATE statistics_state SET backlog_measured_at = statement_timestamp()
  )
  INSERT INTO backlog (project_id, scope, pending, retrying, held, oldest_open_at, oldest_unattempted_at, due, endpoints)
  SELECT project_id, scope, pending, retrying, held, oldest_open_at, oldest_unattempted_at, due, endpoints
  FROM measured
  ORDER BY project_id, scope
  ON CONFLICT (project_id, scope) DO UPDATE
  SET (pending, retrying, held, oldest_open_at, oldest_unattempted_at, due, endpoints) =
      (excluded.pending, excluded.retrying, excluded.held, excluded.oldest_open_at, excluded.oldest_unattempted_at, excluded.due,
       excluded.endpoints)
  WHERE (backlog.*) IS DISTINCT FROM (excluded.*)`;

/** Counts the open deliveries of all projects and consumers, and replaces what was counted before. */
export async function measureBacklog(db: Queryable): Promise<void> {
  await db.query({ name: 'measure-backlog', text: MEASURE });
}
