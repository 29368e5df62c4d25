import type pg from 'pg';
import { MAX_ENDPOINTS_PER_EVENT } from '../../policy/quotas.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { inTransaction } from '../postgres/database.ts';
import type { AcceptResult, EventDraft, InitialDelivery } from './event-draft.ts';
import { eventKey } from './event-key.ts';
import { insertDrafts } from './insert-events.ts';
import { FanOutTooLarge, matchReceivers, type NewDelivery } from './match-receivers.ts';

/** A batch whose events match more endpoints together is rejected, because its transaction would take many seconds. */
const MAX_BATCH_FAN_OUT = 100_000;
/** A response lists at most this many deliveries of an event. */
export const MAX_DELIVERIES_RETURNED = 100;

export type { NewDelivery } from './match-receivers.ts';

/** Sets `owner` on the deliveries whose workflow is to be started at once. */
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
    super('a batch was rejected');
    this.results = results;
  }
}

/**
 * Stores events, and one delivery for each endpoint that matches, in one transaction. Once it has committed, delivery is
 * guaranteed. The drafts have distinct ids. `processId` is the process that starts the workflows of the deliveries to
 * which `assign` gives an owner. With `allOrNone`, nothing is stored if one draft is rejected.
 * Returns a result for each draft, in order, and the deliveries that were stored with an owner.
 * Throws FanOutTooLarge if the drafts together match too many endpoints for one transaction and may be stored separately.
 * With `allOrNone` they may not, and the batch is rejected.
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
      const fanOut = await matchReceivers(
        client,
        drafts,
        allOrNone ? MAX_BATCH_FAN_OUT : MAX_ENDPOINTS_PER_EVENT,
      );
      const small = drafts.filter((_, index) => fanOut[index]!.length <= MAX_ENDPOINTS_PER_EVENT);
      const deliveries = drafts.flatMap((_, index) =>
        fanOut[index]!.length <= MAX_ENDPOINTS_PER_EVENT ? fanOut[index]! : [],
      );
      assign(deliveries);
      const stored = await insertDrafts(client, box, small, deliveries, processId);
      const existing = await readExisting(
        client,
        drafts.filter((draft) => !stored.has(eventKey(draft.projectId, draft.id))),
      );
      const results = drafts.map((draft, index) => resultOf(draft, fanOut[index]!, stored, existing));
      if (allOrNone && results.some((result) => !('event' in result))) throw new BatchRejected(results);
      return {
        results,
        assigned: deliveries.filter((d) => d.owner !== null && stored.has(eventKey(d.projectId, d.eventId))),
      };
    });
  } catch (error) {
    if (error instanceof BatchRejected) return { results: error.results, assigned: [] };
    if (allOrNone && error instanceof FanOutTooLarge) {
      return { results: drafts.map(() => ({ kind: 'batch_too_large' })), assigned: [] };
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
  // Checked only for new events: an event that is stored may be posted again, however many endpoints match it now.
  if (!row && fanOut > MAX_ENDPOINTS_PER_EVENT) return { kind: 'too_many_endpoints', count: fanOut };
  if (!row?.content_hash.equals(draft.contentHash)) return { kind: 'id_conflict' };
  return {
    kind: 'existing',
    event: { id: row.id, status: row.status, createdAt: row.created_at, deliveryCount: row.delivery_count },
  };
}
