import type { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import type { NewDelivery } from '../../../src/store/events/accept-events.ts';

export type Recorded = { started: NewDelivery[]; abandoned: { id: string; mayBeStored: boolean }[] };

/** Gives every new delivery a workflow of its own, and records what is started and abandoned. */
export function recordingDispatcher(): Dispatcher & Recorded {
  const recorded: Recorded = { started: [], abandoned: [] };
  return {
    ...recorded,
    assignNew: (deliveries) => {
      for (const delivery of deliveries) delivery.owner = `event/${delivery.projectId}/${delivery.eventId}`;
    },
    abandon: (deliveries, mayBeStored) =>
      recorded.abandoned.push(...deliveries.map(({ id }) => ({ id, mayBeStored }))),
    start: (committed) => recorded.started.push(...committed),
    poll: () => {},
    recordClaimed: () => {},
    close: async () => {},
  };
}
