import type { Lane } from '../../../policy/outcome.ts';
import { isExpressOwner, workflowOf } from '../../../policy/owner.ts';
import { MAX_ENDPOINTS_PER_EVENT } from '../../../policy/quotas.ts';
import type { WaitReason } from '../../../policy/waiting.ts';
import type { Queryable } from '../../postgres/database.ts';
import type { AcceptResult, EventDraft, InitialDelivery } from '../event-draft.ts';
import { eventKey } from '../event-key.ts';
import type { NewDelivery } from './match-receivers.ts';

/** A response lists at most this many deliveries of an event. */
export const MAX_DELIVERIES_RETURNED = 100;

const EXISTING = `
  SELECT event.project_id, event.id, event.sequence::float8, event.status, event.created_at, event.expires_at, event.delivery_count, event.content_hash
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, id)
  JOIN events event ON event.project_id = wanted.project_id AND event.id = wanted.id`;

export type ExistingEvent = {
  project_id: string;
  id: string;
  sequence: number;
  status: Extract<AcceptResult, { event: unknown }>['event']['status'];
  created_at: Date;
  expires_at: Date | null;
  delivery_count: number;
  content_hash: Buffer;
};

/** Reads the events that already have the ids of these drafts, by `eventKey`. */
async function readExisting(db: Queryable, drafts: EventDraft[]): Promise<Map<string, ExistingEvent>> {
  if (drafts.length === 0) return new Map();
  const { rows } = await db.query<ExistingEvent>(EXISTING, [
    drafts.map((d) => d.projectId),
    drafts.map((d) => d.id),
  ]);
  return new Map(rows.map((row) => [eventKey(row.project_id, row.id), row]));
}

/**
 * A result for each draft, in order. `fanOuts` are their deliveries, and `stored` the numbers of the new events by their
 * keys. Reads the events that had been stored before.
 */
export async function readResults(
  db: Queryable,
  drafts: EventDraft[],
  fanOuts: NewDelivery[][],
  stored: ReadonlyMap<string, number>,
  ownerOf: (delivery: NewDelivery) => string | null,
): Promise<AcceptResult[]> {
  const keys = drafts.map(({ projectId, id }) => eventKey(projectId, id));
  const existing = await readExisting(
    db,
    drafts.filter((_, index) => !stored.has(keys[index]!)),
  );
  return drafts.map((draft, index) => {
    const key = keys[index]!;
    const fanOut = fanOuts[index]!;
    const sequence = stored.get(key);
    if (sequence === undefined) return notStoredResult(draft, fanOut.length, existing.get(key));
    const first = fanOut.slice(0, MAX_DELIVERIES_RETURNED);
    return acceptedResult(
      draft,
      sequence,
      first.map((delivery) => toInitialDelivery(delivery, ownerOf(delivery))),
      fanOut.length,
    );
  });
}

/** The result for a draft that was stored with these deliveries, in the order in which they were stored. */
function acceptedResult(
  draft: EventDraft,
  sequence: number,
  deliveries: InitialDelivery[],
  fanOut: number,
): AcceptResult {
  return {
    kind: 'accepted',
    event: {
      id: draft.id,
      sequence,
      status: fanOut === 0 ? 'unrouted' : 'pending',
      createdAt: draft.createdAt,
      expiresAt: draft.expiresAt ?? null,
      deliveryCount: fanOut,
      deliveries,
    },
  };
}

const toInitialDelivery = (
  { id, endpointId, lane, waitingFor }: NewDelivery,
  owner: string | null,
): InitialDelivery => ({
  id,
  endpointId,
  status: waitingFor === null ? 'pending' : 'held',
  waitingFor: waitingFor ?? waitingForAttempt(lane, owner),
  workflowId: workflowOf(owner),
});

const waitingForAttempt = (lane: Lane, owner: string | null): WaitReason | null => {
  if (owner !== null && isExpressOwner(owner)) return null;
  return lane === 'restricted' ? 'rate' : 'engine';
};

/** The result for a draft that was not stored. `existing` is the event with its id. */
function notStoredResult(
  draft: EventDraft,
  fanOut: number,
  existing: ExistingEvent | undefined,
): AcceptResult {
  // Checked only for new events: an event that is stored may be posted again, however many endpoints match it now.
  if (!existing && fanOut > MAX_ENDPOINTS_PER_EVENT) return { kind: 'too_many_endpoints', count: fanOut };
  if (!existing?.content_hash.equals(draft.contentHash)) return { kind: 'id_conflict' };
  return {
    kind: 'existing',
    event: {
      id: existing.id,
      sequence: existing.sequence,
      status: existing.status,
      createdAt: existing.created_at,
      expiresAt: existing.expires_at,
      deliveryCount: existing.delivery_count,
    },
  };
}
