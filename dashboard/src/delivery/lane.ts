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

export const isOpen = ({ status }: { status: string }): boolean =>
  status === 'pending' || status === 'retrying' || status === 'held';

export const urlOf = (event: Event, { delivery, endpoint }: Lane): string =>
  endpoint?.url ?? event.target?.url ?? (delivery.endpoint === null ? 'its own target' : '…');
