import type { Queryable } from '../postgres/database.ts';
import { startOf } from './spans.ts';

/**
 * The most event types of one consumer that are counted on one day, so that types that are made up, such as one for each
 * event, do not fill the table. Events of further types are in the figures of the consumer, without their type.
 */
const MAX_TYPES_OF_CONSUMER = 100;

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
  ), of_consumers AS (
    SELECT day.*,
           EXISTS (SELECT FROM event_statistics known
                   WHERE known.project_id = day.project_id AND known.scope = day.scope AND known.span = 1440
                     AND known.at = day.at AND known.type = day.type) AS is_known
    FROM (
      SELECT project_id, 'ct/' || consumer AS scope, ${startOf('1440', 'minute')} AS at, type, sum(n) AS n
      FROM grouped WHERE consumer IS NOT NULL
      GROUP BY 1, 2, 3, 4
    ) AS day
  ), new_types AS (
    SELECT project_id, scope, at,
           (SELECT count(*) FROM event_statistics known
            WHERE known.project_id = day.project_id AND known.scope = day.scope AND known.span = 1440
              AND known.at = day.at) AS known
    FROM of_consumers day WHERE NOT is_known
    GROUP BY 1, 2, 3
  ), types_of_consumers AS (
    INSERT INTO event_statistics (project_id, scope, span, at, type, n)
    SELECT project_id, scope, 1440, at, type, n
    FROM (
      SELECT *, row_number() OVER (PARTITION BY project_id, scope, at, is_known ORDER BY n DESC, type) AS place
      FROM of_consumers
    ) AS ranked
    LEFT JOIN new_types USING (project_id, scope, at)
    WHERE is_known OR place <= ${MAX_TYPES_OF_CONSUMER} - known
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (project_id, scope, span, at, type) DO UPDATE SET n = event_statistics.n + excluded.n
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
