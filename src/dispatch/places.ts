/*
 * The law: few workflows that are assigned but not yet claimed. Below START_BELOW whatever waits is
 * started at once; up to FULL_BELOW full groups, and START_BELOW others; never more. So each event has its own workflow
 * while the engine keeps up, and shares one when it does not.
 */
const START_BELOW = 2;
const FULL_BELOW = 16;
/** Without grouping: what waits in Postgres costs a statement more, and may not share. */
const EACH_BELOW = 64;
/**
 * A workflow that has not claimed by then no longer counts: its worker is gone, or its wake-up was lost. While much waits
 * for a claim its worker is only behind, and gets no more to do in its stead for longer.
 */
const UNCLAIMED_MS = 2_000;
const UNCLAIMED_WHILE_BEHIND_MS = 15_000;
/**
 * What is not a full group starts this long, for each delivery of the last one, after it: below 667 deliveries a second
 * that holds nothing up, above it groups fill (docs/decisions/0006).
 */
const MS_PER_DELIVERY = 1.5;

/** The workflows that are assigned and not yet claimed, and when the next may be. */
export type Places = {
  /** Two to one at a time; with `isFull` as long as there is any place. */
  isFree(isFull: boolean): boolean;
  /** Something smaller than a full group may start now. */
  isTurn(): boolean;
  /** Milliseconds until the pace lets something smaller than a full group start; 0: now. */
  msToTurn(): number;
  /** One more group that is not full may start beside full ones. */
  isFreeForPatient(): boolean;
  take(workflowId: string, isFull: boolean): void;
  /** Puts the next smaller group off by what this one carries. */
  pace(deliveries: number): void;
  /** True when it had a place. */
  free(workflowId: string): boolean;
  /** Forgets what was never claimed; later when workers are behind. */
  expire(isBehind: boolean): void;
};

/** `grouping` 'never': each event is a small one, and there is no pace: the engine would idle with two. */
export function createPlaces(grouping: 'auto' | 'never'): Places {
  const taken = new Map<string, { since: number; isFull: boolean }>();
  const startBelow = grouping === 'auto' ? START_BELOW : EACH_BELOW;
  const fullBelow = Math.max(startBelow, FULL_BELOW);
  let turnAt = 0;

  const msToTurn = (): number => Math.max(0, turnAt - performance.now());

  return {
    isFree: (isFull) => taken.size < (isFull ? fullBelow : startBelow),
    isTurn: () => taken.size < startBelow && msToTurn() === 0,
    msToTurn,
    isFreeForPatient: () => [...taken.values()].filter(({ isFull }) => !isFull).length < startBelow,
    take: (workflowId, isFull) => void taken.set(workflowId, { since: performance.now(), isFull }),
    pace(deliveries) {
      if (grouping === 'auto') turnAt = performance.now() + deliveries * MS_PER_DELIVERY;
    },
    free: (workflowId) => taken.delete(workflowId),
    expire(isBehind) {
      const before = performance.now() - (isBehind ? UNCLAIMED_WHILE_BEHIND_MS : UNCLAIMED_MS);
      for (const [id, { since }] of taken) if (since < before) taken.delete(id);
    },
  };
}
