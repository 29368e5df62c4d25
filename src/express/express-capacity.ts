import { type Share, SharedCapacity } from '../limits/shared-capacity.ts';
import type { NewDelivery } from '../store/events/accept/match-receivers.ts';

type ToReceiver = Pick<NewDelivery, 'projectId' | 'receiver'>;

/** Bounds the attempts that this process makes without a workflow: in all, for each project, and for each receiver. */
export type ExpressCapacity = {
  /** Takes a place for the delivery, or returns false. */
  take(delivery: ToReceiver): boolean;
  release(delivery: ToReceiver): void;
};

/** A receiver that does not respond holds no more places than this until it is marked slow. */
const MAX_PER_RECEIVER = 256;

export function createExpressCapacity(maxInFlight: number): ExpressCapacity {
  const projects = new SharedCapacity(maxInFlight);
  const receivers = new Map<string, number>();
  const sharesOf = ({ projectId }: ToReceiver): Share[] => [{ name: projectId, fraction: 1 }];
  return {
    take(delivery) {
      const inFlight = receivers.get(delivery.receiver) ?? 0;
      if (inFlight >= MAX_PER_RECEIVER || !projects.hasCapacity(sharesOf(delivery), 1)) return false;
      projects.take(sharesOf(delivery), 1);
      receivers.set(delivery.receiver, inFlight + 1);
      return true;
    },
    release(delivery) {
      projects.release(sharesOf(delivery), 1);
      const left = receivers.get(delivery.receiver)! - 1;
      if (left > 0) receivers.set(delivery.receiver, left);
      else receivers.delete(delivery.receiver);
    },
  };
}
