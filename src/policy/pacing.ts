export const RATE_PERIODS = ['second', 'minute'] as const;

/** At most `limit` requests in each period, evenly spaced. */
export type Rate = { limit: number; per: (typeof RATE_PERIODS)[number] };

/** What an endpoint may ask for. A worker opens at most 32 connections to a receiver. */
export const MAX_RATE_LIMIT = 10_000;
export const MAX_CONCURRENCY = 1_000;

const PERIOD_MS: Record<Rate['per'], number> = { second: 1_000, minute: 60_000 };

/** What the owner of an endpoint allows; null: no limit. */
export type EndpointLimits = {
  rate: Rate | null;
  /** Requests under way at once. */
  concurrency: number | null;
  /** One delivery at a time, in the order of the events. */
  ordered: boolean;
};

export const NO_LIMITS: EndpointLimits = { rate: null, concurrency: null, ordered: false };

/** Whether the owner of the endpoint allows everything, so that it needs no gate. */
export const isUnlimited = ({ rate, concurrency, ordered }: EndpointLimits): boolean =>
  rate === null && concurrency === null && !ordered;

/** What restricts a receiver. Times are relative to now; those that have passed are negative. */
export type Gate = {
  isSlow: boolean;
  concurrency: number | null;
  rate: Rate | null;
  ordered: boolean;
  spacingMs: number | null;
  /** Requests a second while a backlog goes out. */
  drainRate: number | null;
  notBefore: { inMs: number; reason: 'retry_after' | 'cooldown' } | null;
  /** The earliest start of the next request; null before the first. */
  nextInMs: number | null;
  /** Time in which requests could have started and did not, and that is still to be made up for. */
  lostMs: number;
};

/**
 * When requests may start: the first after `firstInMs`, the others each `intervalMs` later. The first `quick` of these
 * distances are half as long, which makes up for `lostMs`.
 */
export type Starts = { firstInMs: number; intervalMs: number; quick: number; lostMs: number };

/** How many deliveries may be given permits now. */
export type Allowance = Starts & {
  /** Deliveries assigned and not finished, including those that are assigned now. */
  atOnce: number;
  /** An `intervalMs` of 0: they may start together. Otherwise none is given while earlier permits are valid and not used, which keeps the order. */
  permits: number;
  /** Only the delivery whose turn it is. */
  ordered: boolean;
};

/** A gate is visited four times a second. Permits are given for twice as long, so that a late visit lowers no rate. */
export const PERMIT_AHEAD_MS = 500;
/**
 * Of the time that late visits lose, at most so much is made up for, at twice the rate. So no ten seconds have more than
 * 105 % of the rate.
 */
export const MAX_LOST_MS = 500;
/** A permit that is not used by then is void, so that workers that come back after a crash start no burst. */
export const PERMIT_VALID_MS = 2_000;
/**
 * With a rate, a permit is void after the time between two requests, and no sooner than this. What is sent late comes on top
 * of what is made up for, and both together must not exceed a second's worth.
 */
export const MIN_PERMIT_VALID_MS = 500;
/**
 * A delivery that is overdue for so long queues with its receiver: Posthorn was away, and what has piled up must not reach
 * a receiver all at once.
 */
export const OVERDUE_MS = 5 * 60_000;
/** More than any process could start. */
const UNLIMITED = 1_000_000;

const AT_ONCE: Starts = { firstInMs: 0, intervalMs: 0, quick: 0, lostMs: 0 };
const NOTHING: Allowance = { ...AT_ONCE, atOnce: 0, permits: 0, ordered: false };

/** The time between two requests, in milliseconds, by the strictest of the limits; 0 if none applies. */
export function intervalMsOf({ rate, spacingMs, drainRate }: Gate): number {
  // A backlog goes out at the endpoint's own rate, if it has one.
  const ofRate = rate ? PERIOD_MS[rate.per] / rate.limit : drainRate === null ? 0 : 1_000 / drainRate;
  return Math.max(ofRate, spacingMs ?? 0);
}

/** Milliseconds until the start of the request with this index; of the one after the last, until what may follow. */
export function startInMs({ firstInMs, intervalMs, quick }: Starts, index: number): number {
  return firstInMs + (Math.min(index, quick) / 2 + Math.max(0, index - quick)) * intervalMs;
}

/** What is still lost after so many requests. */
export const lostAfter = ({ intervalMs, quick, lostMs }: Starts, requests: number): number =>
  lostMs - (Math.min(requests, quick) * intervalMs) / 2;

/**
 * The permits that may be given now, by the generic cell rate algorithm without a burst: each request starts an interval
 * after the one before. `dueForMs`: how long something has been due. In time without anything due, nothing was lost.
 */
export function permitsWithin(
  { nextInMs, lostMs, spacingMs }: Pick<Gate, 'nextInMs' | 'lostMs' | 'spacingMs'>,
  intervalMs: number,
  dueForMs: number,
): Starts & { count: number } {
  const firstInMs = Math.max(0, nextInMs ?? 0);
  const lateMs = Math.max(0, Math.min(-(nextInMs ?? 0), dueForMs));
  // A receiver that has responded 429 is not sent requests closer together than it copes with.
  const lost = spacingMs === null ? Math.min(MAX_LOST_MS, lostMs + lateMs) : 0;
  const quick = Math.floor((2 * lost) / intervalMs);
  const starts = { firstInMs, intervalMs, quick, lostMs: lost };
  const roomMs = PERMIT_AHEAD_MS - firstInMs;
  if (roomMs < 0) return { ...starts, count: 0 };
  const afterQuickMs = roomMs - (quick * intervalMs) / 2;
  const distances =
    afterQuickMs < 0 ? Math.floor((2 * roomMs) / intervalMs) : quick + Math.floor(afterQuickMs / intervalMs);
  return { ...starts, count: distances + 1 };
}

/**
 * What a receiver may be sent now. `maxSlow`: attempts under way to a slow receiver, and to one whose gate is gone.
 * `dueForMs`: how long its oldest delivery has been due.
 */
export function allowanceOf(gate: Gate | null, maxSlow: number, dueForMs: number): Allowance {
  const { notBefore } = gate ?? {};
  if (notBefore && notBefore.inMs > 0) return NOTHING;
  const ordered = gate?.ordered ?? false;
  // One delivery is the probe. What it finds out is recorded before another is sent.
  const isProbe = notBefore?.reason === 'cooldown';
  const atOnce = Math.min(
    gate?.concurrency ?? UNLIMITED,
    !gate || gate.isSlow ? maxSlow : UNLIMITED,
    ordered || isProbe ? 1 : UNLIMITED,
  );
  const intervalMs = gate ? intervalMsOf(gate) : 0;
  if (!gate || intervalMs === 0) return { ...AT_ONCE, atOnce, permits: UNLIMITED, ordered };
  const { count, ...starts } = permitsWithin(gate, intervalMs, dueForMs);
  return { ...starts, atOnce, permits: count, ordered };
}
