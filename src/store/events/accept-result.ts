import { workflowOf } from '../../policy/express-owner.ts';
import { MAX_ENDPOINTS_PER_EVENT } from '../../policy/quotas.ts';
import type { Queryable } from '../postgres/database.ts';
import type { AcceptResult, EventDraft, InitialDelivery } from './event-draft.ts';
import { eventKey } from './event-key.ts';
import type { NewDelivery } from './match-receivers.ts';

/** A response lists at most this many deliveries of an event. */
export const MAX_DELIVERIES_RETURNED = 100;

const EXISTING = `
  SELECT event.project_id, event.id, event.status, event.created_at, event.delivery_count, event.content_hash
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, id)
  JOIN events event ON event.project_id = wanted.project_id AND event.id = wanted.id`;

export type ExistingEvent = {
  project_id: string;
  id: string;
  status: Extract<AcceptResult, { event: unknown }>['event']['status'];
  created_at: Date;
  delivery_count: number;
  content_hash: Buffer;
};

/** Reads the events that already have the ids of these drafts, by `eventKey`. */
export async function readExisting(db: Queryable, drafts: EventDraft[]): Promise<Map<string, ExistingEvent>> {
  if (drafts.length === 0) return new Map();
  const { rows } = await db.query<ExistingEvent>(EXISTING, [
    drafts.map((d) => d.projectId),
    drafts.map((d) => d.id),
  ]);
  return new Map(rows.map((row) => [eventKey(row.project_id, row.id), row]));
}

/** The result for a draft that was stored with these deliveries, in the order in which they were stored. */
export function acceptedResult(
  draft: EventDraft,
  deliveries: InitialDelivery[],
  fanOut: number,
): AcceptResult {
  return {
    kind: 'accepted',
    event: {
      id: draft.id,
      status: fanOut === 0 ? 'unrouted' : 'pending',
      createdAt: draft.createdAt,
      deliveryCount: fanOut,
      deliveries,
    },
  };
}

export const toInitialDelivery = (
  { id, endpointId, waitingFor }: NewDelivery,
  owner: string | null,
): InitialDelivery => ({
  id,
  endpointId,
  status: waitingFor === null ? 'pending' : 'held',
  waitingFor,
  workflowId: workflowOf(owner),
});

/** The result for a draft that was not stored. `existing` is the event with its id. */
export function notStoredResult(
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
      status: existing.status,
      createdAt: existing.created_at,
      deliveryCount: existing.delivery_count,
    },
  };
}
