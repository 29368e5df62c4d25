import type { Lane } from '../../policy/outcome.ts';
import { type HoldReason, holdReason } from '../endpoints/hold-reason.ts';
import { initialLane } from '../endpoints/receiver-health.ts';
import type { Queryable } from '../postgres/database.ts';
import { newId } from '../postgres/ids.ts';
import type { EventDraft } from './event-draft.ts';

/** What a request to a receiver needs besides the event, as the match read it. */
export type ReceiverDetails = {
  url: string;
  /** Sealed: the endpoint's secrets, or the secret of the target. */
  secrets: Buffer;
  headers: Buffer | null;
  /** When the match was sent: a time of performance.now(). */
  readAt: number;
};

/** A delivery that is about to be stored. */
export type NewDelivery = {
  id: string;
  /** The event. */
  draft: EventDraft;
  projectId: string;
  eventId: string;
  type: string;
  endpointId: string | null;
  receiver: string;
  consumer: string | null;
  policy: string;
  lane: Lane;
  /** Not null: the endpoint is paused or disabled, and the delivery is held. */
  waitingFor: HoldReason | null;
  createdAt: Date;
  /** Null if it was not asked for, or if the event matches too many endpoints. */
  details: ReceiverDetails | null;
};

type Match = { draftIndex: number; endpointId: string; holdReason: HoldReason | null; lane: Lane };
type MatchWithDetails = Match &
  Pick<ReceiverDetails, 'headers'> & { url: string | null; secrets: Buffer | null };

// The lock keeps an endpoint from being deleted or resumed between the match and the commit (both take FOR UPDATE). Without
// it, a deleted endpoint could get a delivery, and the end of a pause could miss a delivery that is held here. Changes of
// other columns do not wait for this lock.
const matching = (consumers: string): string => `
  SELECT draft.index AS "draftIndex", endpoint.id AS "endpointId", ${holdReason('endpoint')} AS "holdReason",
         ${initialLane('endpoint.id')} AS lane, endpoint.url, endpoint.secrets, endpoint.headers
  FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS draft (index, project_id, consumer, patterns, endpoint)
  JOIN endpoints endpoint
    ON endpoint.project_id = draft.project_id
   AND ${consumers}
   AND endpoint.status <> 'deleted'
   AND endpoint.suspended IS NULL
   AND (endpoint.id = draft.endpoint
        OR draft.endpoint IS NULL AND endpoint.events && string_to_array(draft.patterns, ' '))
  ORDER BY endpoint.id
  FOR KEY SHARE OF endpoint`;

// Not IS NOT DISTINCT FROM, which no index supports: each draft would read every endpoint of its project.
const MATCHES = `
  SELECT * FROM (${matching('endpoint.consumer = draft.consumer')}) AS of_consumer
  UNION ALL
  SELECT * FROM (${matching('endpoint.consumer IS NULL AND draft.consumer IS NULL')}) AS of_project
  ORDER BY "endpointId"
  LIMIT $6`;

const MATCH_ENDPOINTS = `
  SELECT "draftIndex", "endpointId", "holdReason", lane FROM (${MATCHES}) AS matched ORDER BY "endpointId"`;

/** Further matches are returned without details: so many requests are not made at once. */
const MAX_DETAILED_MATCHES = 1_000;

// The details of an endpoint are returned once, with its first match.
const MATCH_ENDPOINTS_WITH_DETAILS = `
  SELECT "draftIndex", "endpointId", "holdReason", lane,
         CASE WHEN has_details THEN url END AS url, CASE WHEN has_details THEN secrets END AS secrets,
         CASE WHEN has_details THEN headers END AS headers
  FROM (SELECT *, row_number() OVER by_endpoint <= ${MAX_DETAILED_MATCHES}
                  AND lag("endpointId") OVER by_endpoint IS DISTINCT FROM "endpointId" AS has_details
        FROM (${MATCHES}) AS matched
        WINDOW by_endpoint AS (ORDER BY "endpointId")) AS detailed
  ORDER BY "endpointId"`;

/** The drafts together match more endpoints than one transaction may insert deliveries for. */
export class FanOutTooLarge extends Error {
  /** The projects with so many matches that their events should be stored in transactions of their own. */
  readonly projectIds: string[];
  constructor(projectIds: string[]) {
    super('the events match too many endpoints together');
    this.projectIds = projectIds;
  }
}

/** From this many matches on, the events of a project are stored in a transaction of their own. */
const WIDE_FAN_OUT = 1_000;

// `target.` is needed: without it the name would be receiver_health's own column, and every target would be slow.
const LANES_OF_TARGETS = `
  SELECT receiver, ${initialLane('target.receiver')} AS lane FROM unnest($1::text[]) AS target (receiver)`;

/**
 * Returns the deliveries to store for each draft, in the order of the drafts, and locks their endpoints until the
 * transaction ends. Throws FanOutTooLarge if several drafts match more than `limit` endpoints together. For a single draft,
 * at most `limit` + 1 deliveries are returned.
 */
export async function matchReceivers(
  db: Queryable,
  drafts: EventDraft[],
  limit: number,
  { withDetails, sealedTargets }: { withDetails: boolean; sealedTargets: ReadonlyMap<EventDraft, Buffer> },
): Promise<NewDelivery[][]> {
  const targeted = drafts.flatMap((draft, index) =>
    draft.target
      ? [{ draft, index, receiver: `${draft.projectId} ${new URL(draft.target.url).origin}` }]
      : [],
  );
  const readAt = performance.now();
  // Sent together: neither depends on the other.
  const [matches, lanes] = await Promise.all([
    matchEndpoints(db, drafts, limit + 1, withDetails),
    lanesOf(
      db,
      targeted.map(({ receiver }) => receiver),
    ),
  ]);
  if (matches.length > limit && drafts.length > 1) throw new FanOutTooLarge(wideProjects(drafts, matches));
  const found: NewDelivery[][] = drafts.map(() => []);
  const detailsOf = new Map<string, ReceiverDetails>();
  for (const match of matches) {
    const { draftIndex, endpointId, holdReason: waitingFor, lane } = match;
    const { url = null, secrets = null, headers = null } = match as Partial<MatchWithDetails>;
    if (url !== null && secrets !== null) detailsOf.set(endpointId, { url, secrets, headers, readAt });
    const details = detailsOf.get(endpointId) ?? null;
    const draft = drafts[draftIndex]!;
    found[draftIndex]!.push(
      newDelivery(draft, endpointId, { receiver: endpointId, lane, waitingFor, details }),
    );
  }
  for (const { draft, index, receiver } of targeted) {
    const details = { url: draft.target!.url, secrets: sealedTargets.get(draft)!, headers: null, readAt };
    const lane = lanes.get(receiver)!;
    found[index]!.push(newDelivery(draft, null, { receiver, lane, waitingFor: null, details }));
  }
  return found;
}

async function lanesOf(db: Queryable, receivers: string[]): Promise<Map<string, Lane>> {
  if (receivers.length === 0) return new Map();
  const { rows } = await db.query<{ receiver: string; lane: Lane }>({
    name: 'lanes-of-targets',
    text: LANES_OF_TARGETS,
    values: [receivers],
  });
  return new Map(rows.map(({ receiver, lane }) => [receiver, lane]));
}

function wideProjects(drafts: EventDraft[], matches: Match[]): string[] {
  const counts = new Map<string, number>();
  for (const { draftIndex } of matches) {
    const { projectId } = drafts[draftIndex]!;
    counts.set(projectId, (counts.get(projectId) ?? 0) + 1);
  }
  return [...counts].flatMap(([projectId, count]) => (count >= WIDE_FAN_OUT ? [projectId] : []));
}

/** Returns a row for each endpoint that matches a draft without a target, at most `limit`. Locks the endpoints. */
export async function matchEndpoints(
  db: Queryable,
  drafts: EventDraft[],
  limit: number,
  withDetails = false,
): Promise<(Match | MatchWithDetails)[]> {
  const routed = drafts.flatMap((draft, index) => (draft.target ? [] : [{ draft, index }]));
  if (routed.length === 0) return [];
  const { rows } = await db.query<Match>({
    name: withDetails ? 'match-endpoints-with-details' : 'match-endpoints',
    text: withDetails ? MATCH_ENDPOINTS_WITH_DETAILS : MATCH_ENDPOINTS,
    values: [
      routed.map(({ index }) => index),
      routed.map(({ draft }) => draft.projectId),
      routed.map(({ draft }) => draft.consumer),
      routed.map(({ draft }) => patternsFor(draft.type).join(' ')),
      routed.map(({ draft }) => draft.endpoint),
      limit,
    ],
  });
  return rows;
}

/** Returns the subscription patterns that match a type: `*`, `a.*`, `a.b.*` and `a.b.c` match `a.b.c`. */
function patternsFor(type: string): string[] {
  const patterns = ['*', type];
  for (let dot = type.indexOf('.'); dot !== -1; dot = type.indexOf('.', dot + 1))
    patterns.push(`${type.slice(0, dot)}.*`);
  return patterns;
}

const newDelivery = (
  draft: EventDraft,
  endpointId: string | null,
  receiver: Pick<NewDelivery, 'receiver' | 'lane' | 'waitingFor' | 'details'>,
): NewDelivery => ({
  id: newId('dlv', draft.createdAt.getTime()),
  draft,
  projectId: draft.projectId,
  eventId: draft.id,
  type: draft.type,
  endpointId,
  consumer: draft.consumer,
  policy: draft.policy,
  createdAt: draft.createdAt,
  ...receiver,
});
