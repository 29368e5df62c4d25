import type { Queryable } from '../store/postgres/database.ts';
import { attemptSlots, deliveriesInFlight, type ProjectInFlight } from '../store/processes/in-flight.ts';

/** First attempts at receivers that are not known for slow, or everything else. */
export type DispatchKind = 'first' | 'other';

const countOf = (kind: DispatchKind, inFlight: ProjectInFlight): number =>
  kind === 'first' ? inFlight.firstAttempts : inFlight.otherAttempts;

/**
 * Says whether a project may have more deliveries under way, by what all processes have dispatched and not finished: a
 * worker that is behind is given no more, and a project that fills its share leaves room to the others.
 */
export type InFlightLimiter = {
  hasCapacity(kind: DispatchKind, projectId: string): boolean;
  /** Counts what was dispatched here since Postgres was last asked. */
  recordDispatched(kind: DispatchKind, projectId: string, deliveries: number): void;
  /** More is waiting for a claim than workers take up at once. */
  hasClaimBacklog(): boolean;
  /** Asks Postgres again if that may change an answer. */
  refresh(): Promise<void>;
};

/** While no worker lives: so many deliveries are given to workflows, and the rest waits in Postgres. */
const SLOTS_WITHOUT_WORKERS = 2_000;
/** Of all slots, retries and slow receivers get this share: they keep theirs for up to a minute each. */
const SHARE: Record<DispatchKind, number> = { first: 1, other: 0.5 };
/**
 * A project may always have so many, also with nothing free: what workflows try again by themselves counts, and asks
 * nobody. One project's storm of retries would else keep all others from beginning anything.
 */
const ALWAYS = 32;
/** Two full groups that wait for their claim. */
const BEHIND_FROM = 200;
const ASK_EVERY_MS = 250;
/** With over half of a share used up, an old count would hold up what has room by now. */
const ASK_SOON_MS = 100;
/** However long an answer took: Postgres may only have been away for a while. */
const ASK_AT_LEAST_EVERY_MS = 10_000;
const ASK_FOR_SLOTS_EVERY_MS = 2_000;

export function createInFlightLimiter(db: Queryable): InFlightLimiter {
  const counts: Record<DispatchKind, Map<string, number>> = { first: new Map(), other: new Map() };
  const totals: Record<DispatchKind, number> = { first: 0, other: 0 };
  let unclaimed = 0;
  let slots = SLOTS_WITHOUT_WORKERS;
  let isStale = true;
  let askedAt = Number.NEGATIVE_INFINITY;
  let askedForSlotsAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let asking: Promise<void> | null = null;

  const freeOf = (kind: DispatchKind): number => slots * SHARE[kind] - totals[kind];

  const waitMs = (): number => {
    const isUsed = totals.first > (slots * SHARE.first) / 4 || totals.other > (slots * SHARE.other) / 4;
    // Counting takes longer with more under way: it must not become the work of this process.
    return Math.max(isUsed ? ASK_SOON_MS : ASK_EVERY_MS, Math.min(tookMs * 10, ASK_AT_LEAST_EVERY_MS));
  };

  async function ask(): Promise<void> {
    const began = performance.now();
    askedAt = began;
    isStale = false;
    if (began - askedForSlotsAt >= ASK_FOR_SLOTS_EVERY_MS) {
      askedForSlotsAt = began;
      slots = (await attemptSlots(db)) || SLOTS_WITHOUT_WORKERS;
    }
    const projects = await deliveriesInFlight(db);
    for (const kind of ['first', 'other'] as const) {
      counts[kind] = new Map(projects.map((one) => [one.projectId, countOf(kind, one)]));
      totals[kind] = projects.reduce((sum, one) => sum + countOf(kind, one), 0);
    }
    unclaimed = projects.reduce((sum, one) => sum + one.unclaimed, 0);
    // What is still under way has to be looked at again: it may have ended.
    isStale ||= totals.first + totals.other > 0;
    tookMs = performance.now() - began;
  }

  return {
    // Dynamic thresholds, as in FairBudget: a project may have more while it has less than is free.
    hasCapacity: (kind, projectId) => (counts[kind].get(projectId) ?? 0) < Math.max(freeOf(kind), ALWAYS),
    recordDispatched(kind, projectId, deliveries) {
      counts[kind].set(projectId, (counts[kind].get(projectId) ?? 0) + deliveries);
      totals[kind] += deliveries;
      isStale = true;
    },
    hasClaimBacklog: () => unclaimed >= BEHIND_FROM,
    async refresh() {
      if (!isStale || performance.now() - askedAt < waitMs()) return;
      asking ??= ask()
        .catch((error) => {
          isStale = true; // an old count without room would stand for good: nothing is dispatched by it
          throw error;
        })
        .finally(() => {
          asking = null;
        });
      await asking;
    },
  };
}
