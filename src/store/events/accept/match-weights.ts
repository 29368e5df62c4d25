import { intArray, textArray } from '../../postgres/binary-arrays.ts';
import type { Queryable } from '../../postgres/database.ts';
import type { EventDraft } from '../event-draft.ts';

/** The endpoints that an event is compared with: those of its consumer, or those of the project without a consumer. */
export type Scope = Pick<EventDraft, 'projectId' | 'consumer'>;

/** An endpoint with one pattern costs 1 µs for a type, and each further pattern a tenth of that. */
const WEIGHT_OF_ENDPOINT = 8;

const weightsWhere = (consumers: string): string => `
  SELECT scope.index, cardinality(endpoint.events) + ${WEIGHT_OF_ENDPOINT} AS weight
  FROM unnest($1::int[], $2::text[], $3::text[]) AS scope (index, project_id, consumer)
  JOIN endpoints endpoint
    ON endpoint.project_id = scope.project_id AND ${consumers} AND endpoint.status <> 'deleted'`;

// Not IS NOT DISTINCT FROM, which no index supports.
const WEIGHTS = `
  SELECT index, sum(weight)::float8 AS weight
  FROM (${weightsWhere('endpoint.consumer = scope.consumer')}
        UNION ALL ${weightsWhere('endpoint.consumer IS NULL AND scope.consumer IS NULL')}) AS compared
  GROUP BY index`;

/**
 * For each scope, in order: what the match of an event costs for each pattern of its type, in comparisons of two patterns
 * (some 40 ns).
 */
export async function matchWeights(db: Queryable, scopes: Scope[]): Promise<number[]> {
  const { rows } = await db.query<{ index: number; weight: number }>(WEIGHTS, [
    intArray(scopes.map((_, index) => index)),
    textArray(scopes.map(({ projectId }) => projectId)),
    textArray(scopes.map(({ consumer }) => consumer)),
  ]);
  const weights = scopes.map(() => 0);
  for (const { index, weight } of rows) weights[index] = weight;
  return weights;
}
