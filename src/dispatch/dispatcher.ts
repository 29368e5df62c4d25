import type { Grouping } from './groups/grouping.ts';
import { StartSlots } from './groups/start-slots.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import { Backlog } from './queues/backlog.ts';
import { FreshQueue } from './queues/fresh-queue.ts';
import { QueueReader } from './queues/queue-reader.ts';
import { type RetryDelivery, RetryQueue } from './queues/retry-queue.ts';
import { createSlowQueue } from './queues/slow-queue.ts';
import type { Reservation, Reserve } from './reservation.ts';
import { WorkflowStarter, type WorkflowStarterDependencies } from './workflow-starter.ts';

export type Dispatcher = {
  /** Decides which workflows carry deliveries that are about to be stored. */
  reserve: Reserve;
  /** The same for deliveries whose attempt was made without a workflow and is about to be recorded as failed. */
  reserveRetries(deliveries: RetryDelivery[]): Reservation<RetryDelivery>;
  /** Looks for due deliveries now instead of at the next tick. */
  poll(): void;
  /** Frees the start slots of workflows that have claimed their deliveries. */
  recordClaimed(workflowIds: string[]): void;
  /** Reservations that have not ended, and start slots that are taken. */
  held(): { reservations: number; startSlots: number };
  /** Releases what has not started. Resolves when all starts and releases have ended. */
  close(): Promise<void>;
};

export type DispatcherDependencies = Omit<WorkflowStarterDependencies, 'onReleased' | 'onReturned'> & {
  inFlightLimiter: InFlightLimiter;
  processId?: string | null;
  grouping: Grouping;
  /** Attempts that may be in flight to one slow receiver. */
  maxPerReceiver: number;
};

/** After 250 ms a partial group may start even while full groups are waiting; otherwise a busy project could starve a small one. */
const MAX_GROUP_WAIT_MS = 250;
const TICK_MS = 250;

/** Groups deliveries into workflows and starts these, as many as workers keep up with. */
export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const { inFlightLimiter, processId = null, grouping, maxPerReceiver, onFailure } = deps;
  const poll = (): void => backlogReader.request();
  const starter = new WorkflowStarter({ ...deps, onReleased: poll, onReturned: () => retries.startReady() });
  const retries = new RetryQueue({ starter, grouping });
  const slots = new StartSlots(grouping);
  // Slots apart from those of healthy receivers, so that neither delays the other.
  const slowSlots = new StartSlots('auto');
  const common = { ...deps, starter, slots, processId, maxWaitMs: MAX_GROUP_WAIT_MS };
  const backlog = new Backlog(common);
  const fresh = new FreshQueue({ ...common, backlog, readBacklog: poll });
  const backlogReader = new QueueReader({ read: () => backlog.read(), onIdle: fresh.startReady, onFailure });
  const readSlow = createSlowQueue({ ...common, slots: slowSlots }, maxPerReceiver);
  const slowReader = new QueueReader({ read: readSlow, onIdle: () => {}, onFailure });

  const timer = setInterval(() => {
    starter.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    fresh.startReady();
    retries.startReady();
    if (backlog.isReadDue()) poll();
    slowReader.request();
  }, TICK_MS);

  return {
    reserve: (deliveries) => fresh.reserve(deliveries),
    reserveRetries: (deliveries) => retries.reserve(deliveries),
    poll,
    recordClaimed(workflowIds) {
      if (starter.recordClaimed(workflowIds)) fresh.startReady();
    },
    held: () => ({
      reservations: fresh.reservations.open + retries.reservations.open,
      startSlots: slots.held + slowSlots.held + retries.slots.held,
    }),
    async close() {
      starter.close();
      clearInterval(timer);
      await Promise.all([backlogReader.close(), slowReader.close()]);
      for (const group of [...fresh.buffer.close(), ...retries.buffer.close()])
        starter.release(group.workflowId, group.assignment.deliveries);
      await starter.whenIdle();
    },
  };
}
