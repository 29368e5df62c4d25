import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { NewDelivery } from '../store/accept-events.ts';
import {
  type Assignment,
  assignDue,
  assignSlow,
  nextProjectDue,
  releaseUnstarted,
} from '../store/assignments.ts';
import { GROUP_SIZE, sizeOf, workflowIdOf } from './groups.ts';

/** Starts a workflow for an assignment. Rejects when it is not known to have started. */
export type StartWorkflow = (assignment: Assignment) => Promise<void>;

export type Dispatcher = {
  /** Decides, inside the accepting transaction, which new deliveries start at once: sets their `owner`. */
  assignNew(deliveries: NewDelivery[]): void;
  /** Gives up the places of deliveries that assignNew gave an owner, and that were not stored, or perhaps were. */
  abandon(deliveries: NewDelivery[], mayBeStored: boolean): void;
  /** Starts the workflows of deliveries that were committed with an owner; `unowned` were committed without one. */
  start(committed: NewDelivery[], unowned: number): void;
  /** Something may be due: look now instead of at the next tick. */
  look(): void;
  /** The workflow has claimed its deliveries: its slot is free. */
  claimed(workflowIds: string[]): void;
  close(): Promise<void>;
};

/*
 * The law (design, section 6): few workflows that are assigned but not yet claimed. Below START_BELOW whatever
 * waits is started at once; up to FULL_BELOW full groups, and START_BELOW others; never more. So each event has its own workflow
 * while the engine keeps up, and shares one when it does not; no other feedback is needed.
 */
const START_BELOW = 2;
const FULL_BELOW = 16;
/** What has waited this long may start beside full groups, two at a time: they would starve a small project. */
const PATIENCE_MS = 250;
/** A workflow that has not claimed by then no longer counts: its worker is gone, or its wake-up was lost. */
const UNCLAIMED_MS = 2_000;
/**
 * What is not a full group starts this long, for each delivery of the last one, after it. Below 667 deliveries a second
 * nothing waits for that; above, groups fill: at 1,400 a second they were 55 of 100, and each costs the engine the same.
 */
const MS_PER_DELIVERY = 1.5;
const TICK_MS = 250;
const LOOK_EVERY_MS = 1_000;
/** After a start that failed, nothing is assigned for this long. */
const PAUSE_MS = 1_000;
/** Projects asked in one look: with thousands that cannot fill a group, asking each would take all the time. */
const PROJECTS_PER_LOOK = 4;

export type DispatcherDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is away: nothing is assigned then, and events wait in Postgres. */
  starter: () => StartWorkflow | null;
  grouping: 'auto' | 'never';
  /** Attempts that one slow receiver may have under way at once. */
  roomPerReceiver: number;
  onStarted: (result: 'started' | 'failed', deliveries: number) => void;
  onFailure: (error: unknown) => void;
};

type Places = Map<string, { since: number; isFull: boolean }>;

export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const { pool, starter, grouping, roomPerReceiver, onStarted, onFailure } = deps;
  const startBelow = grouping === 'auto' ? START_BELOW : FULL_BELOW;
  const unclaimed: Places = new Map();
  const unclaimedSlow: Places = new Map();
  const starting = new Set<Promise<void>>();
  /** Of those served whatever waits, and of those served full groups: each has its own turn. */
  const lastServed = { any: '', full: '' };
  /** Committed here without an owner since the last look. */
  let waiting = 0;
  let lastLook = 0;
  /** performance.now() before which only full groups start. */
  let mayShareAt = 0;
  let lookTimer: NodeJS.Timeout | null = null;
  let pausedUntil = 0;
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  let closed = false;

  const mayStart = (): boolean => !closed && starter() !== null && performance.now() >= pausedUntil;

  const mayShare = (): boolean => unclaimed.size < startBelow && performance.now() >= mayShareAt;

  const pace = (size: number): void => {
    if (grouping === 'auto') mayShareAt = performance.now() + size * MS_PER_DELIVERY;
  };

  /** Looks as soon as what is not a full group may start. */
  function lookInTurn(): void {
    const inMs = mayShareAt - performance.now();
    if (inMs <= 0) look();
    else
      lookTimer ??= setTimeout(() => {
        lookTimer = null;
        look();
      }, inMs);
  }

  function assignNew(deliveries: NewDelivery[]): void {
    if (!mayStart()) return;
    const isTurn = performance.now() >= mayShareAt;
    const groups = Map.groupBy(
      deliveries.filter(({ lane, waitingFor }) => lane === 'fast' && waitingFor === null),
      ({ projectId, policy, eventId }) => `${projectId} ${policy} ${grouping === 'auto' ? '' : eventId}`,
    );
    for (const group of groups.values()) {
      const size = sizeOf(group[0]!.policy);
      for (let from = 0; from < group.length; from += size) {
        const company = group.slice(from, from + size);
        const isFull = company.length === size;
        if (!isFull && !isTurn) break;
        if (unclaimed.size >= (isFull ? FULL_BELOW : startBelow)) return;
        const workflowId = workflowIdOf(company, from === 0);
        for (const delivery of company) delivery.owner = workflowId;
        unclaimed.set(workflowId, { since: performance.now(), isFull });
        pace(company.length);
      }
    }
  }

  function abandon(deliveries: NewDelivery[], mayBeStored: boolean): void {
    for (const [workflowId, company] of Map.groupBy(deliveries, ({ owner }) => owner!)) {
      unclaimed.delete(workflowId);
      if (!mayBeStored) continue;
      // Its commit may have been lost on the way to us. If this is, too, the reconciler finds no such workflow.
      const ids = company.map(({ id }) => id);
      const released = releaseUnstarted(pool, workflowId, ids)
        .then(look, onFailure)
        .finally(() => starting.delete(released));
      starting.add(released);
    }
  }

  function start(committed: NewDelivery[], unowned: number): void {
    for (const [workflowId, company] of Map.groupBy(committed, ({ owner }) => owner!)) {
      const { projectId, policy, lane } = company[0]!;
      const deliveries = company.map(({ id, eventId, type }) => ({ id, step: 0, eventId, type }));
      launch({ workflowId, projectId, policy, lane, deliveries }, unclaimed);
    }
    waiting += unowned;
    // Asking Postgres after each commit whether a group is full by now would cost as much as the assignments.
    if (waiting >= GROUP_SIZE) look();
    else if (waiting > 0 && unclaimed.size < startBelow) lookInTurn();
  }

  function launch(assignment: Assignment, slots: Places): void {
    const isFull = assignment.deliveries.length === sizeOf(assignment.policy);
    slots.set(assignment.workflowId, { since: performance.now(), isFull });
    const begun = begin(assignment, slots).finally(() => starting.delete(begun));
    starting.add(begun);
  }

  async function begin(assignment: Assignment, slots: Places): Promise<void> {
    const startWorkflow = starter();
    try {
      if (!startWorkflow) throw new Error('Temporal went away before the start');
      await startWorkflow(assignment);
      onStarted('started', assignment.deliveries.length);
    } catch (error) {
      slots.delete(assignment.workflowId);
      pausedUntil = performance.now() + PAUSE_MS;
      onStarted('failed', assignment.deliveries.length);
      onFailure(error);
      // It may run all the same (a lost answer): it will find that it owns nothing. If this fails too, the
      // reconciler finds a workflow that does not exist.
      const ids = assignment.deliveries.map(({ id }) => id);
      await releaseUnstarted(pool, assignment.workflowId, ids).catch(onFailure);
    }
  }

  function look(): void {
    if (looking) {
      lookAgain = true;
      return;
    }
    lastLook = performance.now();
    waiting = 0;
    looking = assignWaiting()
      .catch(onFailure)
      .finally(() => {
        looking = null;
        if (lookAgain && !closed) {
          lookAgain = false;
          look();
        }
      });
  }

  async function assignWaiting(): Promise<void> {
    while (mayStart() && unclaimed.size < FULL_BELOW) {
      const kind = mayShare() ? 'any' : 'full';
      const mayBePatient = [...unclaimed.values()].filter(({ isFull }) => !isFull).length < startBelow;
      // Its place is taken before Postgres is asked: new events would take each that comes free, and those that
      // wait would starve.
      const uuid = randomUUID();
      unclaimed.set(uuid, { since: performance.now(), isFull: true });
      const assignment = await assignNext(kind, mayBePatient ? PATIENCE_MS : null, uuid).finally(() =>
        unclaimed.delete(uuid),
      );
      if (!assignment) return;
      pace(assignment.deliveries.length);
      launch(assignment, unclaimed);
    }
  }

  /** Projects in turn; one that cannot fill a group does not hold up the next. */
  async function assignNext(
    kind: 'any' | 'full',
    patienceMs: number | null,
    uuid: string,
  ): Promise<Assignment | null> {
    const asked = new Set<string>();
    while (asked.size < PROJECTS_PER_LOOK) {
      const projectId = await nextProjectDue(pool, lastServed[kind]);
      if (projectId === null || asked.has(projectId)) return null;
      asked.add(projectId);
      lastServed[kind] = projectId;
      const assignment = await assignDue(pool, projectId, {
        most: GROUP_SIZE,
        least: kind === 'any' ? 1 : GROUP_SIZE,
        patienceMs,
        grouping: grouping === 'auto',
        uuid,
      });
      if (assignment) return assignment;
    }
    return null;
  }

  async function assignWaitingForSlow(): Promise<void> {
    while (mayStart() && unclaimedSlow.size < START_BELOW) {
      const assignment = await assignSlow(pool, {
        roomPerReceiver,
        most: GROUP_SIZE,
        grouping: grouping === 'auto',
        uuid: randomUUID(),
      });
      if (!assignment) return;
      launch(assignment, unclaimedSlow);
    }
  }

  let slowLook: Promise<void> | null = null;
  const tick = (): void => {
    const now = performance.now();
    for (const slots of [unclaimed, unclaimedSlow]) {
      for (const [workflowId, { since }] of slots) if (now - since > UNCLAIMED_MS) slots.delete(workflowId);
    }
    if (now - lastLook >= (waiting > 0 ? PATIENCE_MS : LOOK_EVERY_MS)) look();
    slowLook ??= assignWaitingForSlow()
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
    look,
    claimed(workflowIds) {
      let freed = false;
      for (const id of workflowIds) {
        unclaimedSlow.delete(id);
        freed = unclaimed.delete(id) || freed;
      }
      if (freed) lookInTurn();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      if (lookTimer) clearTimeout(lookTimer);
      await Promise.all([looking, slowLook]);
      await Promise.all(starting);
    },
  };
}
