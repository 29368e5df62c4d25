import type { Lane } from '../../../policy/outcome.ts';
import { tlsVersion } from '../../endpoints/endpoint-tls.ts';
import { isGone } from '../../endpoints/gone-endpoints.ts';
import { type HoldReason, holdReason } from '../../endpoints/hold-reason.ts';
import { intArray, textArray } from '../../postgres/binary-arrays.ts';
import type { Queryable } from '../../postgres/database.ts';
import { initialLane } from '../../receivers/gates/gates.ts';
import type { Audience, Routing } from './audience.ts';
import { filterHash } from './event-filters.ts';

/** What a request to a receiver needs besides the event, as the match read it. */
export type ReceiverDetails = {
  url: string;
  /** Sealed: the endpoint's secrets, or the secret of the target. */
  secrets: Buffer;
  headers: Buffer | null;
  /** Another one after each change of the endpoint; null: it has neither a client certificate nor authorities. */
  tlsVersion: string | null;
  /** Sealed: the client credentials of the endpoint. */
  oauth: Buffer | null;
  /** When the match was sent: a time of performance.now(). */
  readAt: number;
};

/** An endpoint that an audience matches. `version` is another after each change of the endpoint. */
export type EndpointMatch = {
  endpointId: string;
  version: string;
  holdReason: HoldReason | null;
  lane: Lane;
  /** The members of the retry policy that the endpoint sets. */
  policy: string | null;
  /** The hash of its filter; null: it has none. */
  filter: string | null;
  ordered: boolean;
  details: Omit<ReceiverDetails, 'readAt'> | null;
};

export type Match = Omit<EndpointMatch, 'details'> & { audienceIndex: number };
type MatchWithDetails = Match &
  Pick<ReceiverDetails, 'headers' | 'tlsVersion' | 'oauth'> & { url: string | null; secrets: Buffer | null };

// The lock keeps an endpoint from being deleted or resumed between the match and the commit (both take FOR UPDATE). Without
// it, a deleted endpoint could get a delivery, and the end of a pause could miss a delivery that is held here. Changes of
// other columns do not wait for this lock.
const matching = (audiences: string, consumers: string): string => `
  SELECT audience.index AS "audienceIndex", endpoint.id AS "endpointId",
         concat_ws(' ', endpoint.xmin, endpoint.updated_at) AS version, ${holdReason('endpoint')} AS "holdReason",
         CASE WHEN endpoint.ordered THEN 'restricted' ELSE ${initialLane('endpoint.id')} END AS lane, endpoint.ordered,
         endpoint.policy, ${filterHash('endpoint.filter')} AS filter, endpoint.url, endpoint.secrets, endpoint.headers,
         ${tlsVersion('endpoint')} AS "tlsVersion", endpoint.oauth
  FROM ${audiences} AS audience (index, project_id, consumer, patterns, endpoint)
  JOIN endpoints endpoint
    ON endpoint.project_id = audience.project_id
   AND ${consumers}
   AND endpoint.status <> 'deleted'
   AND endpoint.suspended IS NULL
   AND NOT ${isGone('endpoint')}
   AND (endpoint.id = audience.endpoint
        OR audience.endpoint IS NULL AND endpoint.events && string_to_array(audience.patterns, ' '))
  ORDER BY endpoint.id
  FOR KEY SHARE OF endpoint`;

// Not IS NOT DISTINCT FROM, which no index supports: each audience would read every endpoint of its project.
const matchingEither = (audiences: string, hasConsumers: boolean): string => `
  ${hasConsumers ? `SELECT * FROM (${matching(audiences, 'endpoint.consumer = audience.consumer')}) AS of_consumer UNION ALL` : ''}
  SELECT * FROM (${matching(audiences, 'endpoint.consumer IS NULL AND audience.consumer IS NULL')}) AS of_project
  ORDER BY "endpointId"`;

/**
 * SQL: the endpoints that audiences match, locked. The parameters from `$first` on are those of matchValues, the last of
 * them the most rows. `hasConsumers`: some audiences have one.
 */
export const matchesSql = (first: number, hasConsumers: boolean): string => {
  const [index, projectId, consumer, patterns, endpoint, limit] = [0, 1, 2, 3, 4, 5].map(
    (n) => `$${first + n}`,
  );
  const audiences = `unnest(${index}::int[], ${projectId}::text[], ${consumer}::text[], ${patterns}::text[], ${endpoint}::text[])`;
  return `${matchingEither(audiences, hasConsumers)} LIMIT ${limit}`;
};

const MATCHES = matchesSql(1, true);

const MATCH_ENDPOINTS = `
  SELECT "audienceIndex", "endpointId", version, "holdReason", lane, ordered, policy, filter FROM (${MATCHES}) AS matched ORDER BY "endpointId"`;

/** Further matches are returned without details: requests to so many receivers are not made at once. */
export const MAX_DETAILED_MATCHES = 1_000;

// The details of an endpoint are returned once, with its first match.
const MATCH_ENDPOINTS_WITH_DETAILS = `
  SELECT "audienceIndex", "endpointId", version, "holdReason", lane, ordered, policy, filter,
         CASE WHEN has_details THEN url END AS url, CASE WHEN has_details THEN secrets END AS secrets,
         CASE WHEN has_details THEN headers END AS headers,
         CASE WHEN has_details THEN "tlsVersion" END AS "tlsVersion",
         CASE WHEN has_details THEN oauth END AS oauth
  FROM (SELECT *, row_number() OVER by_endpoint <= ${MAX_DETAILED_MATCHES}
                  AND lag("endpointId") OVER by_endpoint IS DISTINCT FROM "endpointId" AS has_details
        FROM (${MATCHES}) AS matched
        WINDOW by_endpoint AS (ORDER BY "endpointId")) AS detailed
  ORDER BY "endpointId"`;

/** Returns a row for each endpoint that matches an audience, at most `limit`. Locks the endpoints. */
export async function matchEndpoints(
  db: Queryable,
  audiences: Routing[],
  limit: number,
  withDetails = false,
): Promise<(Match | MatchWithDetails)[]> {
  if (audiences.length === 0) return [];
  const { rows } = await db.query<Match>({
    name: withDetails ? 'match-endpoints-with-details' : 'match-endpoints',
    text: withDetails ? MATCH_ENDPOINTS_WITH_DETAILS : MATCH_ENDPOINTS,
    values: matchValues(audiences, limit),
  });
  return rows;
}

/** The parameters of matchesSql. */
export const matchValues = (audiences: Routing[], limit: number): unknown[] => [
  intArray(audiences.map((_, index) => index)),
  textArray(audiences.map(({ projectId }) => projectId)),
  textArray(audiences.map(({ consumer }) => consumer)),
  textArray(audiences.map(({ type }) => patternsFor(type).join(' '))),
  textArray(audiences.map(({ endpoint }) => endpoint)),
  limit,
];

/** Returns the subscription patterns that match a type: `*`, `a.*`, `a.b.*` and `a.b.c` match `a.b.c`. */
export function patternsFor(type: string): string[] {
  const patterns = ['*', type];
  for (let dot = type.indexOf('.'); dot !== -1; dot = type.indexOf('.', dot + 1))
    patterns.push(`${type.slice(0, dot)}.*`);
  return patterns;
}

/** The rows of matchEndpoints by audience, in order. */
export function matchesOf(audiences: Audience[], rows: (Match | MatchWithDetails)[]): EndpointMatch[][] {
  const matched: EndpointMatch[][] = audiences.map(() => []);
  const detailsOf = new Map<string, EndpointMatch['details']>();
  for (const { audienceIndex, ...match } of rows) {
    const {
      url = null,
      secrets = null,
      headers = null,
      tlsVersion = null,
      oauth = null,
      ...rest
    } = match as Partial<MatchWithDetails> & Match;
    if (url !== null && secrets !== null)
      detailsOf.set(rest.endpointId, { url, secrets, headers, tlsVersion, oauth });
    matched[audienceIndex]!.push({ ...rest, details: detailsOf.get(rest.endpointId) ?? null });
  }
  return matched;
}
