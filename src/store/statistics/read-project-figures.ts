import type { Queryable } from '../postgres/database.ts';

export type ProjectFigures = {
  accepted: number;
  attempts: number;
  failed: number;
  undeliverable: number;
  open: number;
  oldestOpenAt: Date | null;
  /** Whether any delivery needs attention now. */
  attention: boolean;
  /** Of each of the 24 hours, the oldest first. */
  hourly: { attempts: number[]; failed: number[] };
};

// By hours, because each has few rows. Each project is one range of an index.
const FIGURES = `
  SELECT wanted.id, accepted.n AS accepted, counted.attempts, counted.failed, counted.undeliverable,
         coalesce(backlog.pending + backlog.retrying + backlog.held, 0) AS open, backlog.oldest_open_at AS "oldestOpenAt",
         EXISTS (SELECT FROM deliveries WHERE project_id = wanted.id AND needs_attention) AS attention, counted.hourly
  FROM unnest($1::text[]) AS wanted (id)
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(n), 0)::float8 AS n FROM event_statistics
    WHERE project_id = wanted.id AND scope = '' AND span = 60 AND at > now() - interval '24 hours'
  ) AS accepted
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(attempts), 0) AS attempts, coalesce(sum(failed), 0) AS failed,
           coalesce(sum(undeliverable), 0) AS undeliverable,
           json_build_object('attempts', json_agg(coalesce(attempts, 0) ORDER BY hours.at),
                             'failed', json_agg(coalesce(failed, 0) ORDER BY hours.at)) AS hourly
    FROM generate_series(date_trunc('hour', now(), 'UTC') - interval '23 hours', now(), interval '1 hour') AS hours (at)
    LEFT JOIN (
      SELECT at, sum(n) FILTER (WHERE kind NOT IN ('undeliverable', 'cancelled', 'latency'))::float8 AS attempts,
             sum(n) FILTER (WHERE kind NOT IN ('undeliverable', 'cancelled', 'latency', 'delivered'))::float8 AS failed,
             sum(n) FILTER (WHERE kind = 'undeliverable')::float8 AS undeliverable
      FROM delivery_statistics
      WHERE project_id = wanted.id AND scope = '' AND span = 60 AND at > now() - interval '24 hours'
      GROUP BY at
    ) AS counts ON counts.at = hours.at
  ) AS counted
  LEFT JOIN backlog ON backlog.project_id = wanted.id AND backlog.scope = ''`;

/** Returns what happened in each of these projects in the hours that began in the last 24 hours, and what is open, by id. */
export async function readProjectFigures(db: Queryable, ids: string[]): Promise<Map<string, ProjectFigures>> {
  const { rows } = await db.query<ProjectFigures & { id: string }>({
    name: 'read-project-figures',
    text: FIGURES,
    values: [ids],
  });
  return new Map(rows.map(({ id, ...figures }) => [id, figures]));
}
