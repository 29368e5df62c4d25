import type { Queryable } from '../store/postgres/database.ts';
import { attemptSlots, deliveriesInFlight, type ProjectInFlight } from '../store/processes/in-flight.ts';

/** `first`: first attempts at receivers without a restriction. `other`: retries, and all attempts at restricted receivers. */
export type DispatchKind = 'first' | 'other';

const countOf = (kind: DispatchKind, inFlight: ProjectInFlight): number =>
  kind === 'first' ? inFlight.firstAttempts : inFlight.otherAttempts;

/**
 * Limits the deliveries that are dispatched and not finished, in all processes together. Workers that are behind get no
 * more, and a project at its limit leaves capacity to the others.
 */
export type InFlightLimiter = {
  hasCapacity(kind: DispatchKind, projectId: string): boolean;
  /** Counts deliveries that this process has dispatched, until the next refresh includes them. */
  recordDispatched(kind: DispatchKind, projectId: string, deliveries: number): void;
  /** Whether more deliveries wait for their claim than workers claim at once. */
  hasClaimBacklog(): boolean;
  /** Reads the counts from Postgres, unless they are recent or nothing can have changed. */
  refresh(): Promise<void>;
};

/** While no worker is alive, this many deliveries are given to workflows. The rest waits in Postgres. */
const SLOTS_WITHOUT_WORKERS = 2_000;
/** Retries and restricted receivers get half of the slots: an attempt at a slow receiver can hold one for up to a minute. */
const SHARE: Record<DispatchKind, number> = { first: 1, other: 0.5 };
/**
 * A project may always have this many in flight. Retries by running workflows count, and no limit holds them back: without
 * this minimum, one project's retries could keep all others from starting anything.
 */
const MIN_PER_PROJECT = 32;
/** Two full groups. */
const CLAIM_BACKLOG_MIN = 200;
const REFRESH_INTERVAL_MS = 250;
/** The interval while over a quarter of a kind's slots is used: old counts would delay projects that have capacity again. */
const BUSY_REFRESH_INTERVAL_MS = 100;
/** The longest interval, however long the last refresh took: Postgres may only have been slow for a while. */
const MAX_REFRESH_INTERVAL_MS = 10_000;
const SLOTS_REFRESH_INTERVAL_MS = 2_000;

export function createInFlightLimiter(db: Queryable): InFlightLimiter {
  const counts: Record<DispatchKind, Map<string, number>> = { first: new Map(), other: new Map() };
  const totals: Record<DispatchKind, number> = { first: 0, other: 0 };
  let unclaimed = 0;
  let slots = SLOTS_WITHOUT_WORKERS;
  let isStale = true;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let slotsRefreshedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let refreshing: Promise<void> | null = null;

  const freeOf = (kind: DispatchKind): number => slots * SHARE[kind] - totals[kind];

  const waitMs = (): number => {
    const isBusy = totals.first > (slots * SHARE.first) / 4 || totals.other > (slots * SHARE.other) / 4;
    // Counting takes longer with more in flight. It must take at most a tenth of the time.
    return Math.max(
      isBusy ? BUSY_REFRESH_INTERVAL_MS : REFRESH_INTERVAL_MS,
      Math.min(tookMs * 10, MAX_REFRESH_INTERVAL_MS),
    );
  };

  async function refreshCounts(): Promise<void> {
    const startedAt = performance.now();
    refreshedAt = startedAt;
    isStale = false;
    if (startedAt - slotsRefreshedAt >= SLOTS_REFRESH_INTERVAL_MS) {
      slotsRefreshedAt = startedAt;
      slots = (await attemptSlots(db)) || SLOTS_WITHOUT_WORKERS;
    }
    const projects = await deliveriesInFlight(db);
    for (const kind of ['first', 'other'] as const) {
      counts[kind] = new Map(projects.map((project) => [project.projectId, countOf(kind, project)]));
      totals[kind] = projects.reduce((sum, project) => sum + countOf(kind, project), 0);
    }
    unclaimed = projects.reduce((sum, project) => sum + project.unclaimed, 0);
    // Deliveries in flight may end, so the next refresh must read them again.
    isStale ||= totals.first + totals.other > 0;
    tookMs = performance.now() - startedAt;
  }

  return {
    // A dynamic threshold, as in FairBudget: a project may have as many in flight as are free.
    hasCapacity: (kind, projectId) =>
      (counts[kind].get(projectId) ?? 0) < Math.max(freeOf(kind), MIN_PER_PROJECT),
    recordDispatched(kind, projectId, deliveries) {
      counts[kind].set(projectId, (counts[kind].get(projectId) ?? 0) + deliveries);
      totals[kind] += deliveries;
      isStale = true;
    },
    hasClaimBacklog: () => unclaimed >= CLAIM_BACKLOG_MIN,
    async refresh() {
      if (!isStale || performance.now() - refreshedAt < waitMs()) return;
      refreshing ??= refreshCounts()
        .catch((error) => {
          isStale = true; // with old counts and no capacity, nothing would be dispatched, and no refresh would follow
          throw error;
        })
        .finally(() => {
          refreshing = null;
        });
      await refreshing;
    },
  };
}
