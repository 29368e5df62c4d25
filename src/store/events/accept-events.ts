import type pg from 'pg';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { inTransaction } from '../postgres/database.ts';
import type { AcceptResult, EventDraft, InitialDelivery } from './event-draft.ts';
import { eventKey } from './event-key.ts';
import { insertDrafts } from './insert-events.ts';
import { FanOutTooLarge, matchReceivers, type NewDelivery } from './match-receivers.ts';

/** An event that matches more endpoints is refused whole (422). */
export const MAX_FAN_OUT = 10_000;
/** So is a batch whose events match more together: it is one transaction, of some seconds. */
const MAX_BATCH_FAN_OUT = 100_000;
/** An event is shown with as many of its deliveries. */
const MAX_DELIVERIES_RETURNED = 100;

export type { NewDelivery } from './match-receivers.ts';

/** Sets `owner` on the deliveries that shall start with a workflow at once. */
export type AssignOwners = (deliveries: NewDelivery[]) => void;

const EXISTING = `
  SELECT event.project_id, event.id, event.status, event.created_at, event.delivery_count, event.content_hash
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, id)
  JOIN events event ON event.project_id = wanted.project_id AND event.id = wanted.id`;

type ExistingEvent = {
  project_id: string;
  id: string;
  status: Extract<AcceptResult, { event: unknown }>['event']['status'];
  created_at: Date;
  delivery_count: number;
  content_hash: Buffer;
};

export type AcceptedBatch = { results: AcceptResult[]; assigned: NewDelivery[] };

class BatchRejected extends Error {
  readonly results: AcceptResult[];
  constructor(results: AcceptResult[]) {
    super('a batch was refused');
    this.results = results;
  }
}

/**
 * Writes events and one delivery for each endpoint that matches, in one transaction; its commit is the promise.
 * `processId` is who starts the workflows of those that `assign` gives an owner. The drafts' ids are distinct. With
 * `allOrNone`, one refused draft leaves nothing stored.
 * Returns a result for each draft, in order, and the deliveries that were stored with an owner.
 * Throws TooMuchAtOnce for several drafts that may be stored apart, and would make one long transaction; a batch that
 * is too large for one is refused.
 */
export async function acceptEvents(
  pool: pg.Pool,
  box: SecretBox,
  drafts: EventDraft[],
  assign: AssignOwners,
  allOrNone = false,
  processId: string | null = null,
): Promise<AcceptedBatch> {
  try {
    return await inTransaction(pool, async (client) => {
      const fanOut = await matchReceivers(client, drafts, allOrNone ? MAX_BATCH_FAN_OUT : MAX_FAN_OUT);
      const small = drafts.filter((_, place) => fanOut[place]!.length <= MAX_FAN_OUT);
      const deliveries = drafts.flatMap((_, place) =>
        fanOut[place]!.length <= MAX_FAN_OUT ? fanOut[place]! : [],
      );
      assign(deliveries);
      const stored = await insertDrafts(client, box, small, deliveries, processId);
      const existing = await readExisting(
        client,
        drafts.filter((draft) => !stored.has(eventKey(draft.projectId, draft.id))),
      );
      const results = drafts.map((draft, place) => resultOf(draft, fanOut[place]!, stored, existing));
      if (allOrNone && results.some((result) => !('event' in result))) throw new BatchRejected(results);
      return {
        results,
        assigned: deliveries.filter((d) => d.owner !== null && stored.has(eventKey(d.projectId, d.eventId))),
      };
    });
  } catch (error) {
    if (error instanceof BatchRejected) return { results: error.results, assigned: [] };
    if (allOrNone && error instanceof FanOutTooLarge) {
      return { results: drafts.map(() => ({ kind: 'too_large_a_batch' })), assigned: [] };
    }
    throw error;
  }
}

async function readExisting(
  client: pg.PoolClient,
  drafts: EventDraft[],
): Promise<Map<string, ExistingEvent>> {
  if (drafts.length === 0) return new Map();
  const { rows } = await client.query<ExistingEvent>(EXISTING, [
    drafts.map((d) => d.projectId),
    drafts.map((d) => d.id),
  ]);
  return new Map(rows.map((row) => [eventKey(row.project_id, row.id), row]));
}

const toInitialDelivery = ({ id, endpointId, waitingFor, owner }: NewDelivery): InitialDelivery => ({
  id,
  endpointId,
  status: waitingFor === null ? 'pending' : 'held',
  waitingFor,
  workflowId: owner,
});

function resultOf(
  draft: EventDraft,
  deliveries: NewDelivery[],
  stored: Set<string>,
  existing: Map<string, ExistingEvent>,
): AcceptResult {
  const key = eventKey(draft.projectId, draft.id);
  const fanOut = deliveries.length;
  if (stored.has(key)) {
    const status = fanOut === 0 ? 'unrouted' : 'pending';
    return {
      kind: 'accepted',
      event: {
        id: draft.id,
        status,
        createdAt: draft.createdAt,
        deliveryCount: fanOut,
        deliveries: deliveries.slice(0, MAX_DELIVERIES_RETURNED).map(toInitialDelivery),
      },
    };
  }
  const row = existing.get(key);
  // Not before: what is stored may be posted again, however many endpoints there are by now.
  if (!row && fanOut > MAX_FAN_OUT) return { kind: 'too_many_endpoints', count: fanOut };
  if (!row?.content_hash.equals(draft.contentHash)) return { kind: 'id_conflict' };
  return {
    kind: 'existing',
    event: { id: row.id, status: row.status, createdAt: row.created_at, deliveryCount: row.delivery_count },
  };
}
