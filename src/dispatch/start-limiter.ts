/*
 * The law: few workflows that are assigned but not yet claimed. Below START_BELOW whatever waits is started at once; full
 * groups, and what has waited long, also beyond that, as long as their project has fewer than are free of all places. So
 * each event has its own workflow while the engine keeps up, and shares one when it does not; alone a project has up to
 * half of the places, and another always finds one.
 */
const START_BELOW = 2;
const PLACES = 32;
/** Without grouping: what waits in Postgres costs a statement more, and may not share. */
const START_EACH_BELOW = 64;
const PLACES_FOR_EACH = 128;
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
export type Places = {
  /** Whatever waits may start at once. */
  isFree(): boolean;
  /** A full group of the project may start. */
  isFreeForFull(projectId: string): boolean;
  /** So may another that is smaller, because it has waited for long. */
  isFreeForPatient(projectId: string): boolean;
  /** Something smaller than a full group may start now. */
  isTurn(): boolean;
  /** Milliseconds until the pace lets something smaller than a full group start; 0: now. */
  msToTurn(): number;
  /** The project has none, and had none lately: whatever others do, its event starts at once. */
  isQuiet(projectId: string): boolean;
  take(workflowId: string, projectId: string, isFull: boolean): void;
  /** Puts the next smaller group off by what this one carries. */
  pace(deliveries: number): void;
  /** True when it had a place. */
  free(workflowId: string): boolean;
  /** Forgets what was never claimed; later when workers are behind. */
  expire(isBehind: boolean): void;
};

/** `grouping` 'never': each event is a small one, and there is no pace: the engine would idle with two. */
export function createPlaces(grouping: 'auto' | 'never'): Places {
  const taken = new Map<string, { since: number; projectId: string; isFull: boolean }>();
  const startBelow = grouping === 'auto' ? START_BELOW : START_EACH_BELOW;
  const places = grouping === 'auto' ? PLACES : PLACES_FOR_EACH;
  const lastTakenAt = new Map<string, number>();
  let turnAt = 0;

  const msToTurn = (): number => Math.max(0, turnAt - performance.now());
  const ofProject = (projectId: string) => [...taken.values()].filter((one) => one.projectId === projectId);
  const hasShare = (own: number): boolean => own < places - taken.size;

  return {
    isFree: () => taken.size < startBelow,
    isFreeForFull: (projectId) => hasShare(ofProject(projectId).length),
    isFreeForPatient(projectId) {
      const own = ofProject(projectId);
      return hasShare(own.length) && own.filter(({ isFull }) => !isFull).length < startBelow;
    },
    isTurn: () => taken.size < startBelow && msToTurn() === 0,
    msToTurn,
    isQuiet(projectId) {
      const lastAt = lastTakenAt.get(projectId) ?? Number.NEGATIVE_INFINITY;
      return performance.now() - lastAt > QUIET_MS && hasShare(0) && ofProject(projectId).length === 0;
    },
    take(workflowId, projectId, isFull) {
      const now = performance.now();
      taken.set(workflowId, { since: now, projectId, isFull });
      lastTakenAt.set(projectId, now);
    },
    pace(deliveries) {
      if (grouping === 'auto') turnAt = performance.now() + deliveries * MS_PER_DELIVERY;
    },
    free: (workflowId) => taken.delete(workflowId),
    expire(isBehind) {
      const before = performance.now() - (isBehind ? UNCLAIMED_WHILE_BEHIND_MS : UNCLAIMED_MS);
      for (const [id, { since }] of taken) if (since < before) taken.delete(id);
      const quietBefore = performance.now() - QUIET_MS;
      for (const [id, at] of lastTakenAt) if (at < quietBefore) lastTakenAt.delete(id);
    },
  };
}
