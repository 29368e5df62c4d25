import type { Queryable } from '../postgres/database.ts';
import { startOf } from './spans.ts';

// A row is removed in the statement that counts it. One of a transaction that commits later is found by the next pass.
const FOLD = `
  WITH taken AS (
    DELETE FROM accepted_counts
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM accepted_counts LIMIT $1))
    RETURNING project_id, consumer, type, at, n
  ), grouped AS (
    SELECT project_id, consumer, type, ${startOf('1', 'at')} AS minute, sum(n) AS n
    FROM taken
    WHERE EXISTS (SELECT FROM projects WHERE id = taken.project_id AND deleted_at IS NULL)
    GROUP BY 1, 2, 3, 4
  ), written AS (
    INSERT INTO event_statistics (project_id, scope, span, at, type, n)
    SELECT project_id, scoped.scope, scoped.span, ${startOf('scoped.span', 'minute')}, scoped.type, sum(n)
    FROM grouped
    CROSS JOIN LATERAL (VALUES
      ('', 1, ''), ('', 5, ''), ('', 60, ''), ('', 1440, ''),
      ('t', 5, grouped.type), ('t', 60, grouped.type), ('t', 1440, grouped.type),
      ('c/' || consumer, 5, ''), ('c/' || consumer, 60, ''), ('c/' || consumer, 1440, '')
    ) AS scoped (scope, span, type)
    WHERE scoped.scope IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (project_id, scope, span, at, type) DO UPDATE SET n = event_statistics.n + excluded.n
  )
  SELECT count(*)::int AS n FROM taken`;

/** Counts the accepted events of up to `max` rows of accepted_counts. Returns false if there may be more. */
export async function foldAccepted(db: Queryable, max: number): Promise<boolean> {
  const { rows } = await db.query<{ n: number }>({ name: 'fold-accepted', text: FOLD, values: [max] });
  return rows[0]!.n < max;
}
