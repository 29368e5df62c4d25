/*
 * The law: few workflows that are assigned but not yet claimed. Below START_BELOW whatever waits is started at once; full
 * groups, and what has waited long, also beyond that, as long as their project has fewer than are free of all places. So
 * each event has its own workflow while the engine keeps up, and shares one when it does not; alone a project has up to
 * half of the places, and another always finds one.
 */
const START_BELOW = 2;
const MAX_START_SLOTS = 32;
/** Without grouping: what waits in Postgres costs a statement more, and may not share. */
const START_EACH_BELOW = 64;
const MAX_START_SLOTS_UNGROUPED = 128;
/**
 * A workflow that has not claimed by then no longer counts: its worker is gone, or its wake-up was lost. While much waits
 * for a claim its worker is only behind, and gets no more to do in its stead for longer.
 */
const UNCLAIMED_MS = 2_000;
const UNCLAIMED_WHILE_BEHIND_MS = 15_000;
/** A project that starts nothing for this long is not what fills the engine. */
const QUIET_MS = 250;
/**
 * What is not a full group starts this long, for each delivery of the last one, after it: below 667 deliveries a second
 * that holds nothing up, above it groups fill (docs/decisions/0006).
 */
const MS_PER_DELIVERY = 1.5;

/** The workflows that are assigned and not yet claimed, and when the next may be. */
export type StartLimiter = {
  /** Whatever waits may start at once. */
  canStartAny(): boolean;
  /** A full group of the project may start. */
  canStartFullGroup(projectId: string): boolean;
  /** So may another that is smaller, because it has waited for long. */
  canStartOverdueGroup(projectId: string): boolean;
  /** Something smaller than a full group may start now. */
  canStartPartialGroup(): boolean;
  /** Milliseconds until the pace lets something smaller than a full group start; 0: now. */
  msUntilPartialGroup(): number;
  /** The project has none, and had none lately: whatever others do, its event starts at once. */
  isIdle(projectId: string): boolean;
  acquire(workflowId: string, projectId: string, isFull: boolean): void;
  /** Puts the next smaller group off by what this one carries. */
  delayNextPartialGroup(deliveries: number): void;
  /** True when it had a place. */
  release(workflowId: string): boolean;
  /** Forgets what was never claimed; later when workers are behind. */
  expireUnclaimed(isBehind: boolean): void;
};

/** `grouping` 'never': each event is a small one, and there is no pace: the engine would idle with two. */
export function createStartLimiter(grouping: 'auto' | 'never'): StartLimiter {
  const taken = new Map<string, { since: number; projectId: string; isFull: boolean }>();
  const startBelow = grouping === 'auto' ? START_BELOW : START_EACH_BELOW;
  const places = grouping === 'auto' ? MAX_START_SLOTS : MAX_START_SLOTS_UNGROUPED;
  const lastTakenAt = new Map<string, number>();
  let turnAt = 0;

  const msUntilPartialGroup = (): number => Math.max(0, turnAt - performance.now());
  const ofProject = (projectId: string) => [...taken.values()].filter((one) => one.projectId === projectId);
  const hasShare = (own: number): boolean => own < places - taken.size;

  return {
    canStartAny: () => taken.size < startBelow,
    canStartFullGroup: (projectId) => hasShare(ofProject(projectId).length),
    canStartOverdueGroup(projectId) {
      const own = ofProject(projectId);
      return hasShare(own.length) && own.filter(({ isFull }) => !isFull).length < startBelow;
    },
    canStartPartialGroup: () => taken.size < startBelow && msUntilPartialGroup() === 0,
    msUntilPartialGroup,
    isIdle(projectId) {
      const lastAt = lastTakenAt.get(projectId) ?? Number.NEGATIVE_INFINITY;
      return performance.now() - lastAt > QUIET_MS && hasShare(0) && ofProject(projectId).length === 0;
    },
    acquire(workflowId, projectId, isFull) {
      const now = performance.now();
      taken.set(workflowId, { since: now, projectId, isFull });
      lastTakenAt.set(projectId, now);
    },
    delayNextPartialGroup(deliveries) {
      if (grouping === 'auto') turnAt = performance.now() + deliveries * MS_PER_DELIVERY;
    },
    release: (workflowId) => taken.delete(workflowId),
    expireUnclaimed(isBehind) {
      const before = performance.now() - (isBehind ? UNCLAIMED_WHILE_BEHIND_MS : UNCLAIMED_MS);
      for (const [id, { since }] of taken) if (since < before) taken.delete(id);
      const quietBefore = performance.now() - QUIET_MS;
      for (const [id, at] of lastTakenAt) if (at < quietBefore) lastTakenAt.delete(id);
    },
  };
}
