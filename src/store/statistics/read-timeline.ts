import type { Queryable } from '../postgres/database.ts';
import { type Span, type StatisticsScope, scopeKey, startOf } from './spans.ts';

/** Points of `stepMinutes` from `from` to before `to`, both at the start of a step, added up from spans that are not longer. */
export type TimelineWindow = { from: Date; to: Date; stepMinutes: number; span: Span };

export type CountedPoint = { at: Date; kind: string; bucket: number; n: number };

// $7: a consumer that was created again does not see the figures of the one before it.
const DELIVERIES = `
  SELECT ${startOf('$4::int', 'at')} AS at, kind, bucket, sum(n)::float8 AS n
  FROM delivery_statistics
  WHERE project_id = $1 AND scope = $2 AND span = $3 AND at >= $5 AND at < $6 AND ($7::timestamptz IS NULL OR at >= $7)
  GROUP BY 1, 2, 3`;

/** Returns what is counted of a scope, by point, kind and bucket. */
export async function readTimeline(
  db: Queryable,
  projectId: string,
  scope: StatisticsScope,
  { from, to, stepMinutes, span }: TimelineWindow,
  since: Date | null,
): Promise<CountedPoint[]> {
  const values = [projectId, scopeKey(scope), span, stepMinutes, from, to, since];
  return (await db.query<CountedPoint>({ name: 'read-timeline', text: DELIVERIES, values })).rows;
}

const ACCEPTED = `
  SELECT ${startOf('$4::int', 'at')} AS at, sum(n)::float8 AS n
  FROM event_statistics
  WHERE project_id = $1 AND scope = $2 AND span = $3 AND at >= $5 AND at < $6 AND ($7::timestamptz IS NULL OR at >= $7)
  GROUP BY 1`;

/** Returns how many events of a project or consumer were accepted, by point. */
export async function readAccepted(
  db: Queryable,
  projectId: string,
  scope: StatisticsScope,
  { from, to, stepMinutes, span }: TimelineWindow,
  since: Date | null,
): Promise<{ at: Date; n: number }[]> {
  const values = [projectId, scopeKey(scope), span, stepMinutes, from, to, since];
  return (await db.query<{ at: Date; n: number }>({ name: 'read-accepted', text: ACCEPTED, values })).rows;
}

const FRESHNESS = `
  SELECT least(state.settled_until, progress.behind_since) AS "settledUntil", state.begins_at AS "beginsAt"
  FROM statistics_state state LEFT JOIN statistics_progress progress ON progress.project_id = $1`;

/** `settledUntil`: until when everything of the project is counted. `beginsAt`: since when anything is counted. */
export type Freshness = { settledUntil: Date; beginsAt: Date };

export async function readFreshness(db: Queryable, projectId: string): Promise<Freshness> {
  return (await db.query<Freshness>(FRESHNESS, [projectId])).rows[0]!;
}
