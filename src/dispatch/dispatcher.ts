import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { assignDue, nextProjectDue } from '../store/deliveries/assignments/assign-due.ts';
import { assignSlow, slowReceiversWaiting } from '../store/deliveries/assignments/assign-slow.ts';
import { type Assignment, releaseUnstarted } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';
import { createGroupBuffer } from './group-buffer.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import { createStartLimiter, type StartLimiter } from './start-limiter.ts';
import { firstStepsOf, GROUP_SIZE, groupSizeOf, workflowIdOf } from './workflow-groups.ts';

/**
 * Starts a workflow for an assignment. `taken`: its id was another workflow's before, which knows nothing of these
 * deliveries. Rejects when it is not known to have started.
 */
export type StartWorkflow = (assignment: Assignment) => Promise<'started' | 'id_in_use'>;

export type Dispatcher = {
  /** Decides, inside the accepting transaction, which new deliveries start at once: sets their `owner`. */
  assignNew(deliveries: NewDelivery[]): void;
  /** Gives up the places of deliveries that assignNew gave an owner, and that were not stored, or perhaps were. */
  abandon(deliveries: NewDelivery[], mayBeStored: boolean): void;
  /** Starts the workflows of deliveries that were committed with an owner; `unowned` were committed without one. */
  start(committed: NewDelivery[], unowned: number): void;
  /** Something may be due: look now instead of at the next tick. */
  poll(): void;
  /** The workflow has claimed its deliveries: its place is free. */
  recordClaimed(workflowIds: string[]): void;
  close(): Promise<void>;
};

/** After this long a partial group may start beside full ones, two of a project: they would starve a small project. */
const PATIENCE_MS = 250;
const TICK_MS = 250;
const POLL_INTERVAL_MS = 1_000;
/** After a start that failed, nothing is assigned for this long. */
const PAUSE_MS = 1_000;
/** Projects asked in one look: with thousands that cannot fill a group, asking each would take all the time. */
const PROJECTS_PER_POLL = 4;
/** With those that have their share under way and are passed over. */
const PROJECTS_CHECKED_PER_POLL = 40;
const SLOW_RECEIVERS_PER_TICK = 500;

export type DispatcherDependencies = {
  pool: pg.Pool;
  inFlightLimiter: InFlightLimiter;
  /** Under which the assignments are found if this process dies before it starts their workflows. */
  processId?: string | null;
  /** Null while Temporal is away: nothing is assigned then, and events wait in Postgres. */
  starter: () => StartWorkflow | null;
  grouping: 'auto' | 'never';
  /** Attempts that one slow receiver may have under way at once. */
  maxPerReceiver: number;
  onStarted: (result: 'started' | 'failed', deliveries: number) => void;
  onFailure: (error: unknown) => void;
};

export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const {
    pool,
    inFlightLimiter,
    processId = null,
    starter,
    grouping,
    maxPerReceiver,
    onStarted,
    onFailure,
  } = deps;
  const places = createStartLimiter(grouping);
  const slowPlaces = createStartLimiter('auto');
  const forming = createGroupBuffer();
  const starting = new Set<Promise<void>>();
  /** Of those served whatever waits, and of those served full groups: each has its own turn. */
  const lastServed = { any: '', full: '' };
  /** Committed here without an owner since the last look. */
  let waiting = 0;
  /** A look found something due, or something was committed without an owner, and no look has found the rest of it. */
  let mayWait = false;
  /** A poll passed over a project that has its share under way: as soon as it has room it goes on. */
  let waitsForRoom = false;
  let lookIsNext = false;
  let lastLook = 0;
  let turnTimer: NodeJS.Timeout | null = null;
  let pausedUntil = 0;
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  let closed = false;

  const mayStart = (): boolean => !closed && starter() !== null && performance.now() >= pausedUntil;

  function assignNew(deliveries: NewDelivery[]): void {
    if (!mayStart()) return;
    const isTurn = places.msUntilPartialGroup() === 0;
    const groups = Map.groupBy(
      deliveries.filter(({ lane, waitingFor }) => lane === 'fast' && waitingFor === null),
      ({ projectId, policy, eventId }) => `${projectId} ${policy} ${grouping === 'auto' ? '' : eventId}`,
    );
    for (const [key, group] of groups) {
      const { projectId } = group[0]!;
      if (!inFlightLimiter.hasCapacity('first', projectId)) continue;
      const size = groupSizeOf(group[0]!.policy);
      for (let from = 0; from < group.length; from += size) {
        const company = group.slice(from, from + size);
        const isFull = company.length === size;
        const isFree = isFull
          ? places.canStartFullGroup(projectId)
          : (places.canStartAny() && isTurn && !isOvertaking(key)) || places.isIdle(projectId);
        if (isFree) {
          const workflowId = workflowIdOf(company, from === 0);
          for (const delivery of company) delivery.owner = workflowId;
          places.acquire(workflowId, projectId, isFull);
          places.delayNextPartialGroup(company.length);
        } else if (grouping === 'never' || !forming.add(key, company)) break;
        inFlightLimiter.recordDispatched('first', projectId, company.length);
      }
    }
  }

  /** New events would take each place that comes free, and those that wait would starve. */
  const isOvertaking = (key: string): boolean =>
    grouping === 'auto' && (mayWait || forming.hasOpenGroup(key));

  function abandon(deliveries: NewDelivery[], mayBeStored: boolean): void {
    for (const [workflowId, company] of Map.groupBy(deliveries, ({ owner }) => owner!)) {
      if (!forming.markAbandoned(workflowId, company)) places.release(workflowId);
      // Its commit may have been lost on the way to us. If this is, too, the reconciler finds no such workflow.
      if (mayBeStored) release(workflowId, company);
    }
  }

  function release(workflowId: string, deliveries: { id: string }[]): void {
    const ids = deliveries.map(({ id }) => id);
    const released = releaseUnstarted(pool, workflowId, ids)
      .then(poll, onFailure)
      .finally(() => starting.delete(released));
    starting.add(released);
  }

  function start(committed: NewDelivery[], unowned: number): void {
    for (const [workflowId, company] of Map.groupBy(committed, ({ owner }) => owner!)) {
      if (forming.markCommitted(workflowId, company)) continue;
      // Close has given the rest of its group back. Of two such, the second would find the id taken by the first.
      if (closed) {
        release(workflowId, company);
        continue;
      }
      const { projectId, policy, lane } = company[0]!;
      launch({ workflowId, projectId, policy, lane, deliveries: firstStepsOf(company) }, places);
    }
    startFull();
    waiting += unowned;
    if (unowned > 0) mayWait = true;
    // Asking Postgres after each commit whether a group is full by now would cost as much as the assignments.
    if (waiting >= GROUP_SIZE) poll();
    else inTurn();
  }

  /** Full groups, and those that have waited for long. */
  function startFull(): void {
    while (mayStart()) {
      const full = forming.take('full', ({ projectId }) => places.canStartFullGroup(projectId));
      if (!full) break;
      launchPaced(full);
    }
    const before = performance.now() - PATIENCE_MS;
    while (mayStart()) {
      const old = forming.take(
        'open',
        ({ projectId, since }) => since < before && places.canStartOverdueGroup(projectId),
      );
      if (!old) break;
      launchPaced(old);
    }
  }

  /** As soon as what is no full group may start: what is forming here and what waits in Postgres, by turns. */
  function inTurn(): void {
    const isForming = forming.hasReadyOpenGroup();
    if ((!isForming && !mayWait) || !mayStart() || !places.canStartAny()) return;
    if (!places.canStartPartialGroup()) {
      turnTimer ??= setTimeout(() => {
        turnTimer = null;
        inTurn();
      }, places.msUntilPartialGroup());
      return;
    }
    lookIsNext = mayWait && (!lookIsNext || !isForming);
    if (lookIsNext) {
      poll();
      return;
    }
    const formed = forming.take('open')!;
    launchPaced(formed);
    inTurn();
  }

  function launchPaced(assignment: Assignment): void {
    places.delayNextPartialGroup(assignment.deliveries.length);
    launch(assignment, places);
  }

  function launch(assignment: Assignment, slots: StartLimiter): void {
    const { workflowId, projectId, policy, deliveries } = assignment;
    slots.acquire(workflowId, projectId, deliveries.length === groupSizeOf(policy));
    const begun = begin(assignment, slots).finally(() => starting.delete(begun));
    starting.add(begun);
  }

  async function begin(assignment: Assignment, slots: StartLimiter): Promise<void> {
    const startWorkflow = starter();
    try {
      if (!startWorkflow) throw new Error('Temporal went away before the start');
      const result = await startWorkflow(assignment);
      onStarted(result === 'started' ? 'started' : 'failed', assignment.deliveries.length);
      if (result === 'started') return;
      // An event whose id was used before its retention, or before a restore of the database. It is never this start
      // with its answer lost: Temporal knows the request when it is repeated, and answers as it did first.
    } catch (error) {
      pausedUntil = performance.now() + PAUSE_MS;
      onStarted('failed', assignment.deliveries.length);
      onFailure(error);
    }
    slots.release(assignment.workflowId);
    // It may run all the same (a lost answer): it will find that it owns nothing. If this fails too, the reconciler
    // finds a workflow that does not exist.
    release(assignment.workflowId, assignment.deliveries);
  }

  function poll(): void {
    if (looking) {
      lookAgain = true;
      return;
    }
    lastLook = performance.now();
    waiting = 0;
    waitsForRoom = false;
    looking = inFlightLimiter
      .refresh()
      .then(assignWaiting)
      // Not after a failure: while Postgres is away, looks would follow each other without a pause.
      .then(
        () => true,
        (error) => void onFailure(error),
      )
      .then((hasLooked) => {
        looking = null;
        if (closed) return;
        if (lookAgain) {
          lookAgain = false;
          poll();
        } else if (hasLooked) inTurn();
      });
  }

  async function assignWaiting(): Promise<void> {
    while (mayStart()) {
      const kind = places.canStartPartialGroup() ? 'any' : 'full';
      // Its place is taken before Postgres is asked, or new events would take it meanwhile.
      const uuid = randomUUID();
      places.acquire(uuid, '', true);
      const assignment = await assignNext(kind, uuid).finally(() => places.release(uuid));
      if (!assignment) {
        if (kind === 'any') mayWait = waiting > 0;
        return;
      }
      mayWait = true;
      launchPaced(assignment);
    }
  }

  /** Projects in turn; one that cannot fill a group does not hold up the next. */
  async function assignNext(kind: 'any' | 'full', uuid: string): Promise<Assignment | null> {
    const seen = new Set<string>();
    for (let asked = 0; asked < PROJECTS_PER_POLL && seen.size < PROJECTS_CHECKED_PER_POLL; ) {
      const projectId = await nextProjectDue(pool, lastServed[kind]);
      if (projectId === null || seen.has(projectId)) return null;
      seen.add(projectId);
      lastServed[kind] = projectId;
      if (!inFlightLimiter.hasCapacity('first', projectId) || !places.canStartFullGroup(projectId)) {
        waitsForRoom = true;
        continue;
      }
      asked += 1;
      const assignment = await assignDue(pool, projectId, {
        maxDeliveries: GROUP_SIZE,
        minDeliveries: kind === 'any' ? 1 : GROUP_SIZE,
        maxWaitMs: places.canStartOverdueGroup(projectId) ? PATIENCE_MS : null,
        grouping: grouping === 'auto',
        uuid,
        processId,
      });
      if (!assignment) continue;
      inFlightLimiter.recordDispatched('first', projectId, assignment.deliveries.length);
      return assignment;
    }
    return null;
  }

  /** Some receivers at each tick, from where the last tick stopped: with thousands, a walk over all would take seconds. */
  async function assignWaitingForSlow(): Promise<void> {
    if (!mayStart()) return;
    const waitingNow = await slowReceiversWaiting(pool, lastSlowReceiver, SLOW_RECEIVERS_PER_TICK);
    lastSlowReceiver = waitingNow.length < SLOW_RECEIVERS_PER_TICK ? '' : waitingNow.at(-1)!.receiver;
    while (mayStart()) {
      const withRoom = waitingNow.filter(
        ({ projectId }) =>
          inFlightLimiter.hasCapacity('other', projectId) && slowPlaces.canStartOverdueGroup(projectId),
      );
      if (withRoom.length === 0) return;
      const receivers = withRoom.map(({ receiver }) => receiver);
      const assignment = await assignSlow(pool, receivers, {
        maxPerReceiver,
        maxDeliveries: GROUP_SIZE,
        grouping: grouping === 'auto',
        uuid: randomUUID(),
        processId,
      });
      if (!assignment) return;
      inFlightLimiter.recordDispatched('other', assignment.projectId, assignment.deliveries.length);
      launch(assignment, slowPlaces);
    }
  }

  let slowLook: Promise<void> | null = null;
  let lastSlowReceiver = '';
  const tick = (): void => {
    const now = performance.now();
    places.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    slowPlaces.expireUnclaimed(inFlightLimiter.hasClaimBacklog());
    startFull();
    inTurn();
    if (now - lastLook >= (waiting > 0 || waitsForRoom ? PATIENCE_MS : POLL_INTERVAL_MS)) poll();
    slowLook ??= inFlightLimiter
      .refresh()
      .then(assignWaitingForSlow)
      .catch(onFailure)
      .finally(() => {
        slowLook = null;
      });
  };
  const timer = setInterval(tick, TICK_MS);

  return {
    assignNew,
    abandon,
    start,
    poll,
    recordClaimed(workflowIds) {
      let freed = false;
      for (const id of workflowIds) {
        slowPlaces.release(id);
        freed = places.release(id) || freed;
      }
      if (!freed) return;
      startFull();
      inTurn();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      if (turnTimer) clearTimeout(turnTimer);
      await Promise.all([looking, slowLook]);
      for (const { workflowId, deliveries } of forming.takeAll()) release(workflowId, deliveries);
      while (starting.size > 0) await Promise.all(starting);
    },
  };
}
