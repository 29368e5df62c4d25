import type { Lane } from '../../../policy/outcome.ts';
import type { HoldReason } from '../../endpoints/hold-reason.ts';
import type { Queryable } from '../../postgres/database.ts';
import { deliveryId } from '../../postgres/ids.ts';
import { initialLane } from '../../receivers/gates/gates.ts';
import type { EventDraft } from '../event-draft.ts';
import { type Audience, audiencesOf } from './audience.ts';
import { policyForEndpoint } from './endpoint-policies.ts';
import { FiltersNeeded } from './event-filters.ts';
import {
  type EndpointMatch,
  type Match,
  matchEndpoints,
  matchesOf,
  type ReceiverDetails,
} from './match-endpoints.ts';
import type { RememberedMatches } from './remembered-matches.ts';

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
  /** Whether the receiver gets one delivery at a time, in the order of the events. */
  ordered: boolean;
  consumer: string | null;
  policy: string;
  lane: Lane;
  /** Not null: the endpoint is paused or disabled, and the delivery is held. */
  waitingFor: HoldReason | null;
  createdAt: Date;
  /** Null if it was not asked for, or if the event matches too many endpoints. */
  details: ReceiverDetails | null;
};

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

// `target.` is needed: without it the name would be receiver_gates' own column, and every target would be restricted.
const LANES_OF_TARGETS = `
  SELECT receiver, ${initialLane('target.receiver')} AS lane FROM unnest($1::text[]) AS target (receiver)`;

type MatchOptions = {
  withDetails: boolean;
  sealedTargets: ReadonlyMap<EventDraft, Buffer>;
  /** Learns what the audiences match. */
  remembered?: RememberedMatches | undefined;
};

/**
 * Returns the deliveries to store for each draft, in the order of the drafts, and locks their endpoints until the
 * transaction ends. Throws FanOutTooLarge if several drafts match more than `limit` endpoints together. For a single draft,
 * at most `limit` + 1 deliveries are returned.
 */
export async function matchReceivers(
  db: Queryable,
  drafts: EventDraft[],
  limit: number,
  { withDetails, sealedTargets, remembered }: MatchOptions,
): Promise<NewDelivery[][]> {
  const targeted = drafts.flatMap((draft, index) =>
    draft.target
      ? [{ draft, index, receiver: `${draft.projectId} ${new URL(draft.target.url).origin}` }]
      : [],
  );
  const audiences = audiencesOf(drafts);
  const readAt = performance.now();
  // Sent together: neither depends on the other.
  const [matches, lanes] = await Promise.all([
    matchEndpoints(db, audiences, limit + 1, withDetails),
    lanesOf(
      db,
      targeted.map(({ receiver }) => receiver),
    ),
  ]);
  const fanOut = matches.reduce((sum, { audienceIndex }) => sum + audiences[audienceIndex]!.drafts.length, 0);
  if (fanOut > limit && drafts.length > 1) throw new FanOutTooLarge(wideProjects(audiences, matches));
  const matched = matchesOf(audiences, matches);
  remembered?.remember(audiences, matched);
  const found = deliveriesOf(drafts.length, audiences, matched, readAt);
  for (const { draft, index, receiver } of targeted) {
    const details = {
      url: draft.target!.url,
      secrets: sealedTargets.get(draft)!,
      headers: null,
      tlsVersion: null,
      oauth: null,
      readAt,
    };
    const lane = lanes.get(receiver)!;
    const target = { receiver, ordered: false, lane, waitingFor: null, details };
    found[index]!.push(newDelivery(draft, null, draft.policy, target));
  }
  return found;
}

/**
 * The deliveries of each of `draftCount` drafts to the endpoints that its audience matches and whose filters it matches.
 * Throws FiltersNeeded if some of these were not evaluated.
 */
export function deliveriesOf(
  draftCount: number,
  audiences: Audience[],
  matched: EndpointMatch[][],
  readAt: number,
): NewDelivery[][] {
  const found: NewDelivery[][] = Array.from({ length: draftCount }, () => []);
  const unevaluated = new Set<number>();
  for (const [audienceIndex, { drafts }] of audiences.entries())
    for (const match of matched[audienceIndex]!) {
      const { endpointId, ordered, lane, holdReason: waitingFor, policy, filter, details } = match;
      const receiver = {
        receiver: endpointId,
        ordered,
        lane,
        waitingFor,
        details: details && { ...details, readAt },
      };
      for (const { draft, index } of drafts) {
        const isWanted = filter === null || draft.endpoint !== null || draft.filterVerdicts?.get(filter);
        if (isWanted === undefined) unevaluated.add(index);
        if (isWanted)
          found[index]!.push(
            newDelivery(draft, endpointId, policyForEndpoint(draft.policy, policy), receiver),
          );
      }
    }
  if (unevaluated.size > 0) throw new FiltersNeeded(unevaluated);
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

function wideProjects(audiences: Audience[], matches: Match[]): string[] {
  const counts = new Map<string, number>();
  for (const { audienceIndex } of matches) {
    const { projectId, drafts } = audiences[audienceIndex]!;
    counts.set(projectId, (counts.get(projectId) ?? 0) + drafts.length);
  }
  return [...counts].flatMap(([projectId, count]) => (count >= WIDE_FAN_OUT ? [projectId] : []));
}

const newDelivery = (
  draft: EventDraft,
  endpointId: string | null,
  policy: string,
  receiver: Pick<NewDelivery, 'receiver' | 'ordered' | 'lane' | 'waitingFor' | 'details'>,
): NewDelivery => ({
  id: deliveryId(draft.createdAt.getTime()),
  draft,
  projectId: draft.projectId,
  eventId: draft.id,
  type: draft.type,
  endpointId,
  consumer: draft.consumer,
  policy,
  createdAt: draft.createdAt,
  ...receiver,
});
