import type {
  Attempt,
  Delivery,
  DeliveryDetails,
  Endpoint,
  Event,
} from '../../../sdk/typescript/src/models.ts';

/** A delivery as the timeline shows it. */
export type Lane = {
  delivery: Delivery;
  /** The first attempt first. */
  attempts: Attempt[];
  /** Undefined until it is loaded, and for deliveries that are final and not selected. */
  details: DeliveryDetails | undefined;
  endpoint: Endpoint | undefined;
};

/** What a lane says of a delivery that was not delivered. */
export type LaneWords = {
  undeliverable: string;
  /** What it waits for; undefined while an attempt is under way. */
  waiting: (waitingFor: Delivery['waitingFor']) => string | undefined;
};

export const isOpen = ({ status }: { status: string }): boolean =>
  status === 'pending' || status === 'retrying' || status === 'held';

export const urlOf = (event: Event, { delivery, endpoint }: Lane): string =>
  endpoint?.url ?? event.target?.url ?? (delivery.endpoint === null ? 'its own target' : '…');
