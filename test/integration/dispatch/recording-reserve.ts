import type { Reserve } from '../../../src/dispatch/reservation.ts';
import type { NewDelivery } from '../../../src/store/events/accept/accept-events.ts';

export type Recorded = { started: NewDelivery[]; released: { id: string; mayBeStored: boolean }[] };

/** Gives every new delivery a workflow of its own, and records what is started and released. */
export function recordingReserve(): Recorded & { reserve: Reserve } {
  const recorded: Recorded = { started: [], released: [] };
  const release = (deliveries: NewDelivery[], mayBeStored: boolean) =>
    recorded.released.push(...deliveries.map(({ id }) => ({ id, mayBeStored })));
  return {
    ...recorded,
    reserve: (deliveries) => ({
      owners: deliveries.map(({ projectId, eventId }) => `event/${projectId}/${eventId}`),
      commit(isStored) {
        recorded.started.push(...deliveries.filter(isStored));
        release(
          deliveries.filter((delivery) => !isStored(delivery)),
          false,
        );
      },
      release: (mayBeStored) => void release(deliveries, mayBeStored),
    }),
  };
}
