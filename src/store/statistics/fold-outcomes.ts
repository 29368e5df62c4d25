import { BUCKET_BOUNDS } from '../../policy/percentiles.ts';
import type { Queryable } from '../postgres/database.ts';
import { startOf } from './spans.ts';

/** Outcomes of a project that are counted together: those of transactions from `low` to below `high`. */
export type OutcomeRange = { projectId: string; low: string; high: string; isLimited: boolean };

/** Projects that one pass looks at. */
export const MAX_PROJECTS = 1_000;

// A transaction below `xmin` has ended, so all of its outcomes are visible. A later one may still write an outcome.
const SNAPSHOT = `SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin`;

const PENDING = `
  SELECT project.id AS "projectId", begin.low::text AS low, snapshot.xmin::text AS high
  FROM (${SNAPSHOT}) AS snapshot
  CROSS JOIN statistics_state state
  CROSS JOIN projects project
  LEFT JOIN statistics_progress progress ON progress.project_id = project.id
  CROSS JOIN LATERAL (SELECT coalesce(progress.folded_below, state.begins_below) AS low) AS begin
  CROSS JOIN LATERAL (
    SELECT FROM outcomes
    WHERE outcomes.project_id = project.id AND outcomes.xid >= begin.low AND outcomes.xid < snapshot.xmin
    ORDER BY outcomes.xid, outcomes.seq
    LIMIT 1
  ) AS first
  WHERE project.id > $1 AND project.deleted_at IS NULL
  ORDER BY project.id
  LIMIT ${MAX_PROJECTS}`;

/** Returns the next projects, in the order of their ids, that have outcomes to count. */
export async function projectsToFold(db: Queryable, after: string): Promise<OutcomeRange[]> {
  const { rows } = await db.query<Omit<OutcomeRange, 'isLimited'>>({
    name: 'projects-to-fold',
    text: PENDING,
    values: [after],
  });
  return rows.map((row) => ({ ...row, isLimited: false }));
}

// The bound is after the transaction that has the last of the outcomes, so that transactions are counted whole.
const BOUNDS = `
  SELECT range.project_id AS "projectId", range.low, counted.n,
         CASE WHEN counted.last IS NULL THEN range.high ELSE (counted.last::text::bigint + 1)::text END AS high,
         counted.last IS NOT NULL AS "isLimited"
  FROM unnest($1::text[], $2::text[], $3::text[]) AS range (project_id, low, high)
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS n, (array_agg(xid))[$4] AS last
    FROM (
      SELECT xid FROM outcomes
      WHERE outcomes.project_id = range.project_id AND outcomes.xid >= range.low::xid8 AND outcomes.xid < range.high::xid8
      ORDER BY outcomes.xid, outcomes.seq
      LIMIT $4::int
    ) AS next
  ) AS counted`;

const arraysOf = (ranges: OutcomeRange[]): [string[], string[], string[]] => [
  ranges.map(({ projectId }) => projectId),
  ranges.map(({ low }) => low),
  ranges.map(({ high }) => high),
];

/**
 * Shortens ranges to `max` outcomes together, and the rest of a transaction for each project. Projects have equal shares, and
 * what some do not need is divided among the others.
 */
export async function limitRanges(
  db: Queryable,
  ranges: OutcomeRange[],
  max: number,
): Promise<OutcomeRange[]> {
  if (ranges.length === 0) return [];
  const bound = async (some: OutcomeRange[], share: number) =>
    (
      await db.query<OutcomeRange & { n: number }>({
        name: 'bound-outcomes',
        text: BOUNDS,
        values: [...arraysOf(some), Math.max(1, share)],
      })
    ).rows;
  const share = Math.floor(max / ranges.length);
  const first = await bound(ranges, share);
  const limited = new Set(first.filter(({ isLimited }) => isLimited).map(({ projectId }) => projectId));
  const left = max - first.reduce((sum, { n }) => sum + n, 0);
  if (limited.size === 0 || left < limited.size) return first;
  const more = await bound(
    ranges.filter(({ projectId }) => limited.has(projectId)),
    share + Math.floor(left / limited.size),
  );
  return [...first.filter(({ projectId }) => !limited.has(projectId)), ...more];
}

const bucketOf = (ms: string): string =>
  `coalesce(width_bucket(greatest(${ms}, 1)::float8, $4::float8[]), -1)::smallint`;

// Counts minute by minute first, because a few hundred groups are added to all scopes and spans faster than each outcome.
// These groups are complete before the first row is written, so the transaction has an id only while it writes.
const FOLD = `
  WITH grouped AS MATERIALIZED (
    SELECT range.project_id, o.consumer, o.endpoint_id, ${startOf('1', 'o.at')} AS minute, o.kind, o.outcome,
           ${bucketOf('o.duration_ms')} AS duration, ${bucketOf('o.latency_ms')} AS latency, count(*) AS n, max(o.at) AS last_at
    FROM unnest($1::text[], $2::text[], $3::text[]) AS range (project_id, low, high)
    CROSS JOIN LATERAL (
      SELECT consumer, endpoint_id, at, kind, outcome, duration_ms, latency_ms FROM outcomes
      WHERE outcomes.project_id = range.project_id AND outcomes.xid >= range.low::xid8 AND outcomes.xid < range.high::xid8
        AND kind <> 'event.settled'
      OFFSET 0
    ) AS o
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), active AS (
    INSERT INTO endpoint_activity (project_id, endpoint_id, last_delivered_at, last_failed_at)
    SELECT project_id, endpoint_id, max(last_at) FILTER (WHERE kind = 'delivery.delivered'),
           max(last_at) FILTER (WHERE kind = 'attempt.failed')
    FROM grouped WHERE endpoint_id IS NOT NULL AND kind IN ('delivery.delivered', 'attempt.failed')
    GROUP BY project_id, endpoint_id
    ORDER BY project_id, endpoint_id
    ON CONFLICT (project_id, endpoint_id) DO UPDATE
    SET last_delivered_at = greatest(endpoint_activity.last_delivered_at, excluded.last_delivered_at),
        last_failed_at = greatest(endpoint_activity.last_failed_at, excluded.last_failed_at)
  )
  INSERT INTO delivery_statistics (project_id, scope, span, at, kind, bucket, n)
  SELECT project_id, scoped.scope, scoped.span, ${startOf('scoped.span', 'minute')}, counted.kind, counted.bucket, sum(n)
  FROM grouped
  CROSS JOIN LATERAL (VALUES
    (CASE kind WHEN 'attempt.failed' THEN outcome WHEN 'delivery.delivered' THEN 'delivered' END, duration),
    (CASE kind WHEN 'delivery.undeliverable' THEN 'undeliverable' WHEN 'delivery.cancelled' THEN 'cancelled' END, -1::smallint),
    (CASE WHEN kind = 'delivery.delivered' AND latency >= 0 THEN 'latency' END, latency)
  ) AS counted (kind, bucket)
  CROSS JOIN LATERAL (VALUES
    ('', 1), ('', 5), ('', 60), ('', 1440),
    ('c/' || consumer, 5), ('c/' || consumer, 60), ('c/' || consumer, 1440),
    (CASE WHEN counted.kind <> 'latency' THEN 'e/' || endpoint_id END, 5),
    (CASE WHEN counted.kind <> 'latency' THEN 'e/' || endpoint_id END, 60),
    (CASE WHEN counted.kind <> 'latency' THEN 'e/' || endpoint_id END, 1440)
  ) AS scoped (scope, span)
  WHERE counted.kind IS NOT NULL AND scoped.scope IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5, 6
  ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (project_id, scope, span, at, kind, bucket) DO UPDATE SET n = delivery_statistics.n + excluded.n`;

const ADVANCE = `
  INSERT INTO statistics_progress (project_id, folded_below, behind_since)
  SELECT range.project_id, range.high::xid8, CASE WHEN range.is_limited THEN state.settled_until END
  FROM unnest($1::text[], $2::text[], $3::boolean[]) AS range (project_id, high, is_limited)
  CROSS JOIN statistics_state state
  ORDER BY range.project_id
  ON CONFLICT (project_id) DO UPDATE
  SET folded_below = excluded.folded_below,
      behind_since = CASE WHEN excluded.behind_since IS NOT NULL
                          THEN coalesce(statistics_progress.behind_since, excluded.behind_since) END`;

// A project may have been behind by its last outcomes, and have none to count now.
const CAUGHT_UP = `
  UPDATE statistics_progress SET behind_since = NULL
  WHERE behind_since IS NOT NULL AND project_id > $1 AND ($2::text IS NULL OR project_id <= $2)
    AND project_id <> ALL ($3::text[])`;

/** Records that projects from after `after` to `to` (null: all that follow) are not behind, except those of `ranges`. */
export async function recordCaughtUp(
  db: Queryable,
  { after, to }: { after: string; to: string | null },
  ranges: OutcomeRange[],
): Promise<void> {
  await db.query(CAUGHT_UP, [after, to, arraysOf(ranges)[0]]);
}

/** Counts the outcomes of these ranges, and that they are counted. To be called in the transaction that has read the ranges. */
export async function foldRanges(db: Queryable, ranges: OutcomeRange[]): Promise<void> {
  if (ranges.length === 0) return;
  const [projectIds, lows, highs] = arraysOf(ranges);
  await db.query({ name: 'fold-outcomes', text: FOLD, values: [projectIds, lows, highs, BUCKET_BOUNDS] });
  await db.query(ADVANCE, [projectIds, highs, ranges.map(({ isLimited }) => isLimited)]);
}
