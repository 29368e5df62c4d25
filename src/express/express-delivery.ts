import { type Claim, MAX_CLAIMED_BODY_BYTES } from '../store/deliveries/claims/claim-deliveries.ts';
import type { ReceiverDetails } from '../store/events/accept/match-endpoints.ts';
import type { NewDelivery } from '../store/events/accept/match-receivers.ts';
import type { EventDraft } from '../store/events/event-draft.ts';

/** A new delivery whose request can be made from memory. */
export type ExpressDelivery = NewDelivery & { details: ReceiverDetails };

/** The longest that storing an event may take, and more. */
const EXPIRES_SOON_MS = 60_000;

/** The epoch with which a delivery is stored whose claim is open from the start. */
export const EXPRESS_EPOCH = 1;

/** Whether nothing restricts the receiver, and the request is small enough to be kept until it has ended. */
export const mayTravelExpress = (delivery: NewDelivery): delivery is ExpressDelivery =>
  delivery.details !== null &&
  delivery.lane === 'fast' &&
  delivery.waitingFor === null &&
  !expiresSoon(delivery.draft) &&
  delivery.draft.body.length <= MAX_CLAIMED_BODY_BYTES;

/** Whether the event may expire while it is being stored. Its claim checks that. */
const expiresSoon = ({ createdAt, expiresAt }: EventDraft): boolean =>
  expiresAt !== undefined && expiresAt.getTime() - createdAt.getTime() < EXPIRES_SOON_MS;

/** The claims that the accepting transaction has opened, from what the match and the producer's requests gave. */
export function toClaims(deliveries: ExpressDelivery[]): Claim[] {
  const bodies = new Map<EventDraft, Buffer>();
  return deliveries.map(({ draft, details, waitingFor: _, ...delivery }): Claim => {
    const body = bodies.get(draft) ?? ownCopy(draft.body);
    bodies.set(draft, body);
    const {
      attributes,
      sequence = null,
      expiresAt = null,
      profile,
      profileVersion,
      traceparent = null,
      tracestate = null,
    } = draft;
    return {
      ...delivery,
      epoch: EXPRESS_EPOCH,
      step: 0,
      attempts: 0,
      expiresAt,
      trigger: 'schedule',
      attributes,
      sequence,
      body,
      profile,
      profileVersion,
      traceparent,
      tracestate,
      url: details.url,
      secrets: details.secrets,
      headers: details.headers,
      tlsVersion: details.tlsVersion,
      oauth: details.oauth,
      startInMs: null,
    };
  });
}

/** A slice of a batch would keep all bytes of the batch in memory until the receiver responds. */
const ownCopy = (body: Buffer): Buffer =>
  body.buffer.byteLength > 2 * MAX_CLAIMED_BODY_BYTES ? Buffer.from(body) : body;
