import type { Lane } from '../../policy/outcome.ts';
import { type HoldReason, holdReason } from '../endpoints/hold-reason.ts';
import type { Queryable } from '../postgres/database.ts';
import { newId } from '../postgres/ids.ts';
import type { EventDraft } from './event-draft.ts';

/** A delivery that is about to be written, seen by whoever decides on its first workflow. */
export type NewDelivery = {
  id: string;
  projectId: string;
  eventId: string;
  type: string;
  endpointId: string | null;
  receiver: string;
  consumer: string | null;
  policy: string;
  lane: Lane;
  /** Set: the endpoint is paused or disabled, and the delivery waits for it. */
  waitingFor: HoldReason | null;
  owner: string | null;
  createdAt: Date;
};

type Match = { place: number; endpoint_id: string; hold_reason: HoldReason | null; slow: boolean };

// The lock keeps an endpoint from being deleted between the match and the commit: no delivery is born to a deleted one.
// Deletion takes FOR UPDATE, and so does what ends a pause: it has to find what is born held here. Changes of other
// columns do not wait for this.
const matching = (consumers: string): string => `
  SELECT draft.place, endpoint.id AS endpoint_id, ${holdReason('endpoint')} AS hold_reason,
         EXISTS (SELECT FROM receiver_health health WHERE health.receiver = endpoint.id) AS slow
  FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS draft (place, project_id, consumer, patterns, endpoint)
  JOIN endpoints endpoint
    ON endpoint.project_id = draft.project_id
   AND ${consumers}
   AND endpoint.status <> 'deleted'
   AND endpoint.suspended IS NULL
   AND (endpoint.id = draft.endpoint
        OR draft.endpoint IS NULL AND endpoint.events && string_to_array(draft.patterns, ' '))
  ORDER BY endpoint.id
  FOR KEY SHARE OF endpoint`;

// No index serves IS NOT DISTINCT FROM: each draft would read every endpoint of its project.
const MATCH_ENDPOINTS = `
  SELECT * FROM (${matching('endpoint.consumer = draft.consumer')}) AS of_consumer
  UNION ALL
  SELECT * FROM (${matching('endpoint.consumer IS NULL AND draft.consumer IS NULL')}) AS of_project
  ORDER BY endpoint_id
  LIMIT $6`;

/** The drafts match more endpoints together than one transaction may carry. */
export class FanOutTooLarge extends Error {
  /** Of which so many are counted that their events are better stored apart. */
  readonly projectIds: string[];
  constructor(projectIds: string[]) {
    super('the events match too many endpoints together');
    this.projectIds = projectIds;
  }
}

/** Matches of one project among those that were counted, from which on its events are stored apart. */
const WIDE_FAN_OUT = 1_000;

const SLOW_RECEIVERS = `SELECT receiver FROM receiver_health WHERE receiver = ANY ($1::text[])`;

/**
 * The deliveries to make of each draft, in the order of the drafts; locks the endpoints until the transaction ends.
 * Throws TooMuchAtOnce when there are more than `most` in all; of a single draft one more than that is returned.
 */
export async function matchReceivers(
  db: Queryable,
  drafts: EventDraft[],
  most: number,
): Promise<NewDelivery[][]> {
  const found: NewDelivery[][] = drafts.map(() => []);
  const matches = await matchEndpoints(db, drafts, most + 1);
  if (matches.length > most && drafts.length > 1) throw new FanOutTooLarge(wideProjects(drafts, matches));
  for (const match of matches) {
    const { place, endpoint_id: id, hold_reason: waitingFor, slow } = match;
    found[place]!.push(newDelivery(drafts[place]!, id, id, slow ? 'slow' : 'fast', waitingFor));
  }
  const targeted = drafts.flatMap((draft, place) =>
    draft.target
      ? [{ draft, place, receiver: `${draft.projectId} ${new URL(draft.target.url).origin}` }]
      : [],
  );
  if (targeted.length > 0) {
    const { rows } = await db.query<{ receiver: string }>(SLOW_RECEIVERS, [
      targeted.map(({ receiver }) => receiver),
    ]);
    const slow = new Set(rows.map(({ receiver }) => receiver));
    for (const { draft, place, receiver } of targeted) {
      found[place]!.push(newDelivery(draft, null, receiver, slow.has(receiver) ? 'slow' : 'fast', null));
    }
  }
  return found;
}

function wideProjects(drafts: EventDraft[], matches: Match[]): string[] {
  const counts = new Map<string, number>();
  for (const { place } of matches) {
    const { projectId } = drafts[place]!;
    counts.set(projectId, (counts.get(projectId) ?? 0) + 1);
  }
  return [...counts].flatMap(([projectId, count]) => (count >= WIDE_FAN_OUT ? [projectId] : []));
}

/** A row for each endpoint of each draft that names no target of its own, at most `most`; `place` is the draft's. */
export async function matchEndpoints(db: Queryable, drafts: EventDraft[], most: number): Promise<Match[]> {
  const routed = drafts.flatMap((draft, place) => (draft.target ? [] : [{ draft, place }]));
  if (routed.length === 0) return [];
  const { rows } = await db.query<Match>({
    name: 'match-endpoints',
    text: MATCH_ENDPOINTS,
    values: [
      routed.map(({ place }) => place),
      routed.map(({ draft }) => draft.projectId),
      routed.map(({ draft }) => draft.consumer),
      routed.map(({ draft }) => patternsFor(draft.type).join(' ')),
      routed.map(({ draft }) => draft.endpoint),
      most,
    ],
  });
  return rows;
}

/** The subscription patterns that a type satisfies: `a.b.c` is meant by `*`, `a.*`, `a.b.*` and itself. */
function patternsFor(type: string): string[] {
  const patterns = ['*', type];
  for (let dot = type.indexOf('.'); dot !== -1; dot = type.indexOf('.', dot + 1))
    patterns.push(`${type.slice(0, dot)}.*`);
  return patterns;
}

const newDelivery = (
  draft: EventDraft,
  endpointId: string | null,
  receiver: string,
  lane: Lane,
  waitingFor: HoldReason | null,
): NewDelivery => ({
  id: newId('dlv', draft.createdAt.getTime()),
  projectId: draft.projectId,
  eventId: draft.id,
  type: draft.type,
  endpointId,
  receiver,
  consumer: draft.consumer,
  policy: draft.policy,
  lane,
  waitingFor,
  owner: null,
  createdAt: draft.createdAt,
});
