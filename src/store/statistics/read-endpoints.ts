import type { Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';
import type { TimelineWindow } from './read-timeline.ts';
import { startOf } from './spans.ts';

const VISIBLE = `
  SELECT endpoint.id, activity.last_delivered_at AS "lastDeliveredAt", activity.last_failed_at AS "lastFailedAt"
  FROM unnest($2::text[]) WITH ORDINALITY AS wanted (id, position)
  JOIN endpoints endpoint ON endpoint.id = wanted.id
  LEFT JOIN endpoint_activity activity ON activity.project_id = endpoint.project_id AND activity.endpoint_id = endpoint.id
  WHERE endpoint.project_id = $1 AND ($3::text IS NULL OR endpoint.consumer = $3)
    AND ($4::timestamptz IS NULL OR endpoint.created_at >= $4)
  ORDER BY wanted.position`;

export type EndpointActivity = { id: string; lastDeliveredAt: Date | null; lastFailedAt: Date | null };

/** Returns those of the endpoints that the caller may see, also deleted ones, in the order of `ids`. */
export async function visibleEndpoints(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  ids: string[],
): Promise<EndpointActivity[]> {
  return (await db.query<EndpointActivity>(VISIBLE, [projectId, ids, consumer, since])).rows;
}

const ATTEMPTS = `kind NOT IN ('undeliverable', 'cancelled', 'latency')`;

const POINTS = `
  SELECT substr(scope, 3) AS endpoint, ${startOf('$4::int', 'at')} AS at,
         coalesce(sum(n) FILTER (WHERE ${ATTEMPTS}), 0)::float8 AS attempts,
         coalesce(sum(n) FILTER (WHERE ${ATTEMPTS} AND kind <> 'delivered'), 0)::float8 AS failed,
         coalesce(sum(n) FILTER (WHERE kind = 'undeliverable'), 0)::float8 AS undeliverable
  FROM delivery_statistics
  WHERE project_id = $1 AND scope = ANY ($2::text[]) AND span = $3 AND at >= $5 AND at < $6
  GROUP BY 1, 2`;
const TIMES = `
  SELECT substr(scope, 3) AS endpoint, bucket, sum(n)::float8 AS n
  FROM delivery_statistics
  WHERE project_id = $1 AND scope = ANY ($2::text[]) AND span = $3 AND at >= $4 AND at < $5 AND bucket >= 0 AND ${ATTEMPTS}
  GROUP BY 1, 2`;

export type EndpointPoint = {
  endpoint: string;
  at: Date;
  attempts: number;
  failed: number;
  /** Deliveries that became undeliverable. */
  undeliverable: number;
};
export type EndpointTimes = { endpoint: string; bucket: number; n: number };

/** Returns the attempts to each of these endpoints by point, and how long they took by bucket. */
export async function readEndpointFigures(
  db: Queryable,
  projectId: string,
  ids: string[],
  { from, to, stepMinutes, span }: TimelineWindow,
): Promise<{ points: EndpointPoint[]; times: EndpointTimes[] }> {
  const scopes = ids.map((id) => `e/${id}`);
  const points = await db.query<EndpointPoint>({
    name: 'read-endpoint-points',
    text: POINTS,
    values: [projectId, scopes, span, stepMinutes, from, to],
  });
  const times = await db.query<EndpointTimes>({
    name: 'read-endpoint-times',
    text: TIMES,
    values: [projectId, scopes, span, from, to],
  });
  return { points: points.rows, times: times.rows };
}
