/*
 * Limits the workflows that are started and have not claimed their deliveries. While fewer than START_ANY_BELOW are,
 * anything may start. Full and overdue groups may start up to MAX_START_SLOTS, as long as their project holds fewer slots
 * than are free. So each event has its own workflow while workers keep up, and events share workflows when they do not. A
 * single project gets up to half of the slots, and another project always finds one.
 */
const START_ANY_BELOW = 2;
const MAX_START_SLOTS = 32;
/** Without grouping more may start, because each event needs its own workflow and, if it waits in Postgres, its own statement. */
const START_ANY_BELOW_UNGROUPED = 64;
const MAX_START_SLOTS_UNGROUPED = 128;
/**
 * A workflow that has not claimed by then no longer counts: its worker is dead, or the notification of its claim was lost.
 * While many deliveries wait for a claim, workers are only behind, so the slot is kept for longer.
 */
const UNCLAIMED_MS = 2_000;
const UNCLAIMED_WHILE_BEHIND_MS = 15_000;
/** A project that has started nothing for this long is idle: it does not cause the load. */
const IDLE_AFTER_MS = 250;
/**
 * After each start, the next partial group waits 1.5 ms per delivery started. Below 667 deliveries a second this delays
 * nothing; above, groups fill up (docs/decisions/0006).
 */
const MS_PER_DELIVERY = 1.5;

/** Decides when the next workflow may start. */
export type StartLimiter = {
  /** Whether anything may start, full or not. */
  canStartAny(): boolean;
  /** Whether a full group of the project may start. */
  canStartFullGroup(projectId: string): boolean;
  /** Whether a partial group of the project that has waited too long may start. */
  canStartOverdueGroup(projectId: string): boolean;
  /** Whether a partial group of any project may start. */
  canStartPartialGroup(): boolean;
  /** Milliseconds until the pace permits a partial group; 0 if it does now. */
  msUntilPartialGroup(): number;
  /** Whether the project holds no slot and took none within 250 ms. Its event starts at once, whatever the load. */
  isIdle(projectId: string): boolean;
  acquire(workflowId: string, projectId: string, isFull: boolean): void;
  /** Delays the next partial group by 1.5 ms for each of the deliveries. */
  delayNextPartialGroup(deliveries: number): void;
  /** Returns true if the workflow held a slot. */
  release(workflowId: string): boolean;
  /** Frees the slots of workflows that did not claim in time. `isBehind`: workers have a claim backlog. */
  expireUnclaimed(isBehind: boolean): void;
};

/** With `grouping` 'never' every group is partial. It has no pace and more slots, because workers would idle with two. */
export function createStartLimiter(grouping: 'auto' | 'never'): StartLimiter {
  const startSlots = new Map<string, { since: number; projectId: string; isFull: boolean }>();
  const startAnyBelow = grouping === 'auto' ? START_ANY_BELOW : START_ANY_BELOW_UNGROUPED;
  const maxSlots = grouping === 'auto' ? MAX_START_SLOTS : MAX_START_SLOTS_UNGROUPED;
  const lastAcquiredAt = new Map<string, number>();
  let nextPartialAt = 0;

  const msUntilPartialGroup = (): number => Math.max(0, nextPartialAt - performance.now());
  const slotsOfProject = (projectId: string) =>
    [...startSlots.values()].filter((slot) => slot.projectId === projectId);
  const hasCapacity = (slotsHeld: number): boolean => slotsHeld < maxSlots - startSlots.size;

  return {
    canStartAny: () => startSlots.size < startAnyBelow,
    canStartFullGroup: (projectId) => hasCapacity(slotsOfProject(projectId).length),
    canStartOverdueGroup(projectId) {
      const projectSlots = slotsOfProject(projectId);
      return (
        hasCapacity(projectSlots.length) &&
        projectSlots.filter(({ isFull }) => !isFull).length < startAnyBelow
      );
    },
    canStartPartialGroup: () => startSlots.size < startAnyBelow && msUntilPartialGroup() === 0,
    msUntilPartialGroup,
    isIdle(projectId) {
      const lastAt = lastAcquiredAt.get(projectId) ?? Number.NEGATIVE_INFINITY;
      return (
        performance.now() - lastAt > IDLE_AFTER_MS && hasCapacity(0) && slotsOfProject(projectId).length === 0
      );
    },
    acquire(workflowId, projectId, isFull) {
      const now = performance.now();
      startSlots.set(workflowId, { since: now, projectId, isFull });
      lastAcquiredAt.set(projectId, now);
    },
    delayNextPartialGroup(deliveries) {
      if (grouping === 'auto') nextPartialAt = performance.now() + deliveries * MS_PER_DELIVERY;
    },
    release: (workflowId) => startSlots.delete(workflowId),
    expireUnclaimed(isBehind) {
      const before = performance.now() - (isBehind ? UNCLAIMED_WHILE_BEHIND_MS : UNCLAIMED_MS);
      for (const [id, { since }] of startSlots) if (since < before) startSlots.delete(id);
      const idleBefore = performance.now() - IDLE_AFTER_MS;
      for (const [id, at] of lastAcquiredAt) if (at < idleBefore) lastAcquiredAt.delete(id);
    },
  };
}
