import { type Claim, MAX_CLAIMED_BODY_BYTES } from '../store/deliveries/claims/claim-deliveries.ts';
import type { EventDraft } from '../store/events/event-draft.ts';
import type { NewDelivery, ReceiverDetails } from '../store/events/match-receivers.ts';

/** A new delivery whose request can be made from memory. */
export type ExpressDelivery = NewDelivery & { details: ReceiverDetails };

/** The epoch with which a delivery is stored whose claim is open from the start. */
export const EXPRESS_EPOCH = 1;

/** Whether nothing restricts the receiver, and the request is small enough to be kept until it has ended. */
export const mayTravelExpress = (delivery: NewDelivery): delivery is ExpressDelivery =>
  delivery.details !== null &&
  delivery.lane === 'fast' &&
  delivery.waitingFor === null &&
  delivery.draft.body.length <= MAX_CLAIMED_BODY_BYTES;

/** The claims that the accepting transaction has opened, from what the match and the producer's requests gave. */
export function toClaims(deliveries: ExpressDelivery[]): Claim[] {
  const bodies = new Map<EventDraft, Buffer>();
  return deliveries.map(({ draft, details, waitingFor: _, ...delivery }): Claim => {
    const body = bodies.get(draft) ?? ownCopy(draft.body);
    bodies.set(draft, body);
    const { attributes, profile, profileVersion } = draft;
    return {
      ...delivery,
      epoch: EXPRESS_EPOCH,
      step: 0,
      attempts: 0,
      trigger: 'schedule',
      attributes,
      body,
      profile,
      profileVersion,
      url: details.url,
      secrets: details.secrets,
      headers: details.headers,
    };
  });
}

/** A slice of a batch would keep all bytes of the batch in memory until the receiver responds. */
const ownCopy = (body: Buffer): Buffer =>
  body.buffer.byteLength > 2 * MAX_CLAIMED_BODY_BYTES ? Buffer.from(body) : body;
