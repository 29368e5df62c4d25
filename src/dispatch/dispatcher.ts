import type { NewDelivery } from '../store/events/accept/accept-events.ts';
import type { Grouping } from './groups/grouping.ts';
import { StartSlots } from './groups/start-slots.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import { createBacklog } from './queues/backlog.ts';
import { createFreshQueue } from './queues/fresh-queue.ts';
import type { Queue } from './queues/queue.ts';
import { createQueueReader } from './queues/queue-reader.ts';
import { createRestrictedQueue, type Turn } from './queues/restricted-queue.ts';
import { createRetryQueue, type RetryDelivery } from './queues/retry-queue.ts';
import { createScheduledQueue, WAKE_INTERVAL_MS } from './queues/scheduled-queue.ts';
import { WorkflowStarter, type WorkflowStarterDependencies } from './workflow-starter.ts';

export type Dispatcher = {
  /** Decides which workflows carry deliveries that are about to be stored. */
  reserve: Queue<NewDelivery>['reserve'];
  /** The same for deliveries whose attempt was made without a workflow and is about to be recorded as failed. */
  reserveRetries: Queue<RetryDelivery>['reserve'];
  /** Looks for due deliveries now instead of at the next tick. */
  poll(): void;
  /** The same for receivers whose next delivery may have its turn. */
  pollTurns(turns: Turn[]): void;
  /** Frees the start slots of workflows that have claimed their deliveries. */
  recordClaimed(workflowIds: string[]): void;
  /** What has not ended, and the start slots that are taken. */
  held(): { reservations: number; groups: number; startSlots: number };
  /** Releases what has not started. Resolves when all starts and releases have ended. */
  close(): Promise<void>;
};

export type DispatcherDependencies = Omit<WorkflowStarterDependencies, 'onReleased' | 'onReturned'> & {
  inFlightLimiter: InFlightLimiter;
  processId?: string | null;
  grouping: Grouping;
  /** Attempts that may be in flight to one slow receiver. */
  maxPerReceiver: number;
  /** Deliveries a second of a backlog to one receiver; 0: no limit. */
  drainRate: number;
};

/** After 250 ms a partial group may start even while full groups are waiting; otherwise a busy project could starve a small one. */
const MAX_GROUP_WAIT_MS = 250;
/** With the start, less than 250 ms after a failed attempt the Web UI shows the delivery with its timer. */
const MAX_RETRY_WAIT_MS = 200;
const TICK_MS = 250;

/** Groups deliveries into workflows and starts these, as many as workers keep up with. */
export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const { inFlightLimiter, processId = null, grouping, onFailure } = deps;
  const poll = (): void => backlogReader.request();
  const starter = new WorkflowStarter({ ...deps, onReleased: poll, onReturned: () => retries.startReady() });
  // Each queue has slots of its own, so that none delays another.
  const slots = {
    fresh: new StartSlots(grouping),
    restricted: new StartSlots('auto'),
    retries: new StartSlots('auto'),
  };
  const common = { ...deps, starter, slots: slots.fresh, maxWaitMs: MAX_GROUP_WAIT_MS, processId };
  const backlog = createBacklog(common);
  const fresh = createFreshQueue({ ...common, backlog, readBacklog: poll });
  const retries = createRetryQueue({ ...common, slots: slots.retries, maxWaitMs: MAX_RETRY_WAIT_MS });
  const restricted = createRestrictedQueue({ ...common, slots: slots.restricted }, deps);
  const backlogReader = createQueueReader(backlog.read, onFailure, fresh.startReady);
  const restrictedReader = createQueueReader(restricted.read, onFailure);
  const turnsReader = createQueueReader(restricted.readTurns, onFailure);
  const scheduledReader = createQueueReader(createScheduledQueue(deps.pool, poll), onFailure);
  let nextWakeAt = 0;

  const timer = setInterval(() => {
    starter.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    fresh.startReady();
    retries.startReady();
    if (backlog.isReadDue()) poll();
    restrictedReader.request();
    if (performance.now() >= nextWakeAt) {
      nextWakeAt = performance.now() + WAKE_INTERVAL_MS;
      scheduledReader.request();
    }
  }, TICK_MS);

  return {
    reserve: fresh.reserve,
    reserveRetries: retries.reserve,
    poll,
    pollTurns(turns) {
      restricted.recordTurns(turns);
      turnsReader.request();
    },
    recordClaimed(workflowIds) {
      if (!starter.recordClaimed(workflowIds)) return;
      fresh.startReady();
      if (restricted.hasTurns()) turnsReader.request();
    },
    held: () => ({
      reservations: fresh.held().reservations + retries.held().reservations,
      groups: fresh.held().groups + retries.held().groups + starter.size,
      startSlots: slots.fresh.held + slots.restricted.held + slots.retries.held,
    }),
    async close() {
      starter.close();
      clearInterval(timer);
      const readers = [backlogReader, restrictedReader, turnsReader, scheduledReader];
      await Promise.all(readers.map((reader) => reader.close()));
      fresh.close();
      retries.close();
      await starter.whenIdle();
    },
  };
}
