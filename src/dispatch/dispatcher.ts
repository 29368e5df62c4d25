import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';
import { assignNewDeliveries } from './assign-new-deliveries.ts';
import { createAssignNextProject } from './assign-next-project.ts';
import { createGroupBuffer } from './group-buffer.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import type { Reserve } from './reservation.ts';
import { createSlowDispatcher } from './slow-dispatcher.ts';
import { createStartLimiter } from './start-limiter.ts';
import { firstStepsOf, GROUP_SIZE } from './workflow-groups.ts';
import { createWorkflowLauncher, type StartWorkflow } from './workflow-launcher.ts';

export type Dispatcher = {
  /** Decides which workflows carry deliveries that are about to be stored. */
  reserve: Reserve;
  /** Looks for due deliveries now instead of at the next tick. */
  poll(): void;
  /** Frees the start slots of workflows that have claimed their deliveries. */
  recordClaimed(workflowIds: string[]): void;
  /** Releases what is buffered. Resolves when all starts and releases have ended. */
  close(): Promise<void>;
};

/** After 250 ms a partial group may start even while full groups are waiting; otherwise a busy project could starve a small one. */
const MAX_GROUP_WAIT_MS = 250;
const TICK_MS = 250;
const POLL_INTERVAL_MS = 1_000;

export type DispatcherDependencies = {
  pool: pg.Pool;
  inFlightLimiter: InFlightLimiter;
  /** Stored with assignments, so that they are found if this process dies before it starts their workflows. */
  processId?: string | null;
  /** Null while Temporal is down: nothing is assigned then, and events wait in Postgres. */
  starter: () => StartWorkflow | null;
  grouping: 'auto' | 'never';
  /** Attempts that may be in flight to one slow receiver. */
  maxPerReceiver: number;
  onStarted: (result: 'started' | 'failed', deliveries: number) => void;
  onFailure: (error: unknown) => void;
};

/** Groups deliveries into workflows and starts these, as many as workers keep up with. */
export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const { pool, inFlightLimiter, processId = null, starter, grouping, maxPerReceiver } = deps;
  const { onStarted, onFailure } = deps;
  const startLimiter = createStartLimiter(grouping);
  const groupBuffer = createGroupBuffer();
  /** Deliveries committed by this process without an owner since the last poll. */
  let waiting = 0;
  /** Due deliveries are known to wait in Postgres, or may. */
  let mayWait = false;
  /** The last poll passed over a project at its limit, which may have capacity soon. */
  let waitsForCapacity = false;
  let isPollNext = false;
  let lastPollAt = 0;
  let partialTimer: NodeJS.Timeout | null = null;
  let polling: Promise<void> | null = null;
  let pollAgain = false;
  let closed = false;

  const launcher = createWorkflowLauncher({ pool, starter, onStarted, onReleased: poll, onFailure });
  const mayStart = (): boolean => !closed && launcher.canLaunch();
  const slow = createSlowDispatcher({
    pool,
    inFlightLimiter,
    launcher,
    mayStart,
    processId,
    grouping,
    maxPerReceiver,
  });
  const assignNextProject = createAssignNextProject({
    pool,
    inFlightLimiter,
    startLimiter,
    grouping,
    maxWaitMs: MAX_GROUP_WAIT_MS,
    processId,
    onPassedOver: () => {
      waitsForCapacity = true;
    },
  });

  const reserve: Reserve = (deliveries) => {
    const limits = { inFlightLimiter, startLimiter, groupBuffer, grouping };
    const owned = mayStart()
      ? assignNewDeliveries(limits, deliveries, mayWait)
      : new Map<NewDelivery, string>();
    const byOwner = (wanted: NewDelivery[]): Map<string, NewDelivery[]> =>
      Map.groupBy(
        wanted.filter((delivery) => owned.has(delivery)),
        (delivery) => owned.get(delivery)!,
      );
    return {
      owners: deliveries.map((delivery) => owned.get(delivery) ?? null),
      commit(isStored) {
        const { true: stored = [], false: others = [] } = Object.groupBy(deliveries, (delivery) =>
          isStored(delivery) ? 'true' : 'false',
        );
        abandon(byOwner(others), false);
        const unowned = stored.filter((delivery) => !owned.has(delivery) && delivery.waitingFor === null);
        start(byOwner(stored), unowned.length);
      },
      release(mayBeStored) {
        abandon(byOwner(deliveries), mayBeStored);
        if (mayBeStored) mayWait = true;
      },
    };
  };

  function abandon(byOwner: Map<string, NewDelivery[]>, mayBeStored: boolean): void {
    for (const [workflowId, batch] of byOwner) {
      if (!groupBuffer.markAbandoned(workflowId, batch)) startLimiter.release(workflowId);
      // The commit may have succeeded. If the release is lost too, the reconciler finds a workflow that does not exist.
      if (mayBeStored) launcher.release(workflowId, batch);
    }
  }

  function start(byOwner: Map<string, NewDelivery[]>, unowned: number): void {
    for (const [workflowId, batch] of byOwner) {
      if (groupBuffer.markCommitted(workflowId, batch)) continue;
      // After close the rest of the group is released, and the id of the group must not be used for a part of it.
      if (closed) {
        launcher.release(workflowId, batch);
        continue;
      }
      const { projectId, policy, lane } = batch[0]!;
      launcher.launch({ workflowId, projectId, policy, lane, deliveries: firstStepsOf(batch) }, startLimiter);
    }
    startFullAndOverdue();
    waiting += unowned;
    if (unowned > 0) mayWait = true;
    // A poll after every commit would cost as much as the assignments themselves.
    if (waiting >= GROUP_SIZE) poll();
    else startPartial();
  }

  function startFullAndOverdue(): void {
    while (mayStart()) {
      const full = groupBuffer.take('full', ({ projectId }) => startLimiter.canStartFullGroup(projectId));
      if (!full) break;
      launchPaced(full);
    }
    const before = performance.now() - MAX_GROUP_WAIT_MS;
    while (mayStart()) {
      const overdue = groupBuffer.take(
        'partial',
        ({ projectId, since }) => since < before && startLimiter.canStartOverdueGroup(projectId),
      );
      if (!overdue) break;
      launchPaced(overdue);
    }
  }

  /** Starts partial groups as the limiter permits. The buffer and the queue in Postgres take turns. */
  function startPartial(): void {
    const isBuffered = groupBuffer.hasReadyPartialGroup();
    if ((!isBuffered && !mayWait) || !mayStart() || !startLimiter.canStartAny()) return;
    if (!startLimiter.canStartPartialGroup()) {
      partialTimer ??= setTimeout(() => {
        partialTimer = null;
        startPartial();
      }, startLimiter.msUntilPartialGroup());
      return;
    }
    isPollNext = mayWait && (!isPollNext || !isBuffered);
    if (isPollNext) {
      poll();
      return;
    }
    launchPaced(groupBuffer.take('partial')!);
    startPartial();
  }

  function launchPaced(assignment: Assignment): void {
    startLimiter.delayNextPartialGroup(assignment.deliveries.length);
    launcher.launch(assignment, startLimiter);
  }

  function poll(): void {
    if (polling) {
      pollAgain = true;
      return;
    }
    lastPollAt = performance.now();
    waiting = 0;
    waitsForCapacity = false;
    polling = inFlightLimiter
      .refresh()
      .then(assignWaiting)
      // After a failure nothing starts before the next tick: while Postgres is down, polls would follow without a pause.
      .then(
        () => true,
        (error) => void onFailure(error),
      )
      .then((hasPolled) => {
        polling = null;
        if (closed) return;
        if (pollAgain) {
          pollAgain = false;
          poll();
        } else if (hasPolled) startPartial();
      });
  }

  async function assignWaiting(): Promise<void> {
    while (mayStart()) {
      const kind = startLimiter.canStartPartialGroup() ? 'any' : 'full';
      // The slot is taken before the query, or new events would take it while the query runs.
      const uuid = randomUUID();
      startLimiter.acquire(uuid, '', true);
      const assignment = await assignNextProject(kind, uuid).finally(() => startLimiter.release(uuid));
      if (!assignment) {
        if (kind === 'any') mayWait = waiting > 0;
        return;
      }
      mayWait = true;
      launchPaced(assignment);
    }
  }

  let slowPoll: Promise<void> | null = null;
  const tick = (): void => {
    const now = performance.now();
    startLimiter.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    slow.startLimiter.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    startFullAndOverdue();
    startPartial();
    const pollIntervalMs = waiting > 0 || waitsForCapacity ? MAX_GROUP_WAIT_MS : POLL_INTERVAL_MS;
    if (now - lastPollAt >= pollIntervalMs) poll();
    slowPoll ??= inFlightLimiter
      .refresh()
      .then(slow.dispatch)
      .catch(onFailure)
      .finally(() => {
        slowPoll = null;
      });
  };
  const timer = setInterval(tick, TICK_MS);

  return {
    reserve,
    poll,
    recordClaimed(workflowIds) {
      let freed = false;
      for (const id of workflowIds) {
        slow.startLimiter.release(id);
        freed = startLimiter.release(id) || freed;
      }
      if (!freed) return;
      startFullAndOverdue();
      startPartial();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      if (partialTimer) clearTimeout(partialTimer);
      await Promise.all([polling, slowPoll]);
      for (const { workflowId, deliveries } of groupBuffer.takeAll())
        launcher.release(workflowId, deliveries);
      await launcher.whenIdle();
    },
  };
}
