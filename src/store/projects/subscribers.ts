import type { Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';

// $1 project, $2 and $3 each type with each pattern that matches it, $4 consumer. Reads at most 10,000 endpoints.
const countAmong = (endpoints: string): string => `
  WITH endpoint AS MATERIALIZED (
    SELECT id, events FROM endpoints WHERE ${endpoints} AND status <> 'deleted' LIMIT 10000
  ), wanted AS (
    SELECT * FROM unnest($2::text[], $3::text[]) AS pair (type, pattern)
  ), subscription AS (
    SELECT id, unnest(events) AS pattern FROM endpoint WHERE NOT '*' = ANY (events)
  )
  SELECT type, (count(DISTINCT id) + (SELECT count(*) FROM endpoint WHERE '*' = ANY (events)))::int AS endpoints
  FROM wanted LEFT JOIN subscription USING (pattern)
  GROUP BY type`;

const OF_PROJECT = countAmong('project_id = $1');
const OF_CONSUMER = countAmong('project_id = $1 AND consumer = $4');

type Subscribers = { type: string; endpoints: number };

/** The subscriptions that match a type, without `*`: itself, and `prefix.*` for each prefix. */
function patternsOf(type: string): string[] {
  const words = type.split('.');
  return [type, ...words.slice(1).map((_, index) => `${words.slice(0, index + 1).join('.')}.*`)];
}

/** How many endpoints of the project, or of the consumer, subscribe to each type. Of more than 10,000 endpoints, some are left out. */
export async function countSubscribers(
  db: Queryable,
  { projectId, consumer }: Scope,
  types: string[],
): Promise<Map<string, number>> {
  const pairs = types.flatMap((type) => patternsOf(type).map((pattern) => ({ type, pattern })));
  const values = [projectId, pairs.map(({ type }) => type), pairs.map(({ pattern }) => pattern)];
  const { rows } = await (consumer === null
    ? db.query<Subscribers>(OF_PROJECT, values)
    : db.query<Subscribers>(OF_CONSUMER, [...values, consumer]));
  return new Map(rows.map(({ type, endpoints }) => [type, endpoints]));
}
