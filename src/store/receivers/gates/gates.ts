import { type Gate, MIN_PERMIT_VALID_MS, OVERDUE_MS, PERMIT_VALID_MS } from '../../../policy/pacing.ts';
import type { Queryable } from '../../postgres/database.ts';
import { headOf } from '../order/order.ts';

/*
 * A receiver has a row in receiver_gates while something restricts it. There are two kinds of restriction:
 *
 * - slow: its deliveries queue by themselves, and only so many are under way at once. Retries stay in their workflows.
 * - paced: each attempt needs a permit, which its assignment gives. Retries return to the queue in Postgres.
 *
 * While a backlog goes out (drain_rate), only the backlog needs permits, which is in the lane `restricted`. New deliveries
 * do not wait for it, so that it ends however busy the endpoint is.
 */

/** SQL: whether all attempts at the receiver of this gate need permits. Never null. */
export const isPaced = (gate: string): string => `(
  ${gate}.concurrency IS NOT NULL OR ${gate}.rate IS NOT NULL OR ${gate}.ordered OR ${gate}.spacing_ms IS NOT NULL
  OR ${gate}.not_before_reason IS NOT DISTINCT FROM 'cooldown' OR coalesce(${gate}.not_before > now(), false))`;

/**
 * SQL: whether the owner of the endpoint has said how many may be under way at once. A receiver that is slow has a limit too,
 * but need not have its next delivery at once.
 */
export const limitsAtOnce = (gate: string): string => `(${gate}.concurrency IS NOT NULL OR ${gate}.ordered)`;

// Subqueries that return one value, here and below, look the receiver up in the index. Postgres could turn an EXISTS into
// a join, and read all gates for each batch of deliveries.

/** SQL: the lane in which deliveries to a receiver start: `restricted` while it is slow or paced, otherwise `fast`. */
export const initialLane = (receiver: string): string => `
  CASE WHEN (SELECT gate.slow_since IS NOT NULL OR ${isPaced('gate')} FROM receiver_gates gate WHERE gate.receiver = ${receiver})
       THEN 'restricted' ELSE 'fast' END`;

/** SQL: whether an attempt of `delivery` needs a permit by this gate. */
export const needsPermit = (delivery: string, gate: string): string => `
  (${isPaced(gate)} OR ${gate}.drain_rate IS NOT NULL AND ${delivery}.lane = 'restricted')`;

const permitSince = (delivery: string, time: string): string =>
  `coalesce(${delivery}.permitted_at > ${time}, false)`;
const VALID_SINCE = `clock_timestamp() - interval '${PERMIT_VALID_MS} milliseconds'`;

// `intervalMsOf` the gate, within its bounds. Null counts as no bound in least and greatest.
const validSince = (gate: string): string => `
  clock_timestamp() - interval '1 millisecond' * greatest(${MIN_PERMIT_VALID_MS}, least(${PERMIT_VALID_MS}, greatest(
    CASE WHEN ${gate}.rate IS NOT NULL THEN CASE ${gate}.rate_period WHEN 'minute' THEN 60000.0 ELSE 1000.0 END / ${gate}.rate
         ELSE 1000.0 / ${gate}.drain_rate END,
    ${gate}.spacing_ms)))`;

/** SQL: whether `delivery` is overdue for so long that it queues with its receiver. An isolated one has its own queue. */
const isLeftOver = (delivery: string): string =>
  `(${delivery}.due_at < now() - interval '${OVERDUE_MS} milliseconds' AND ${delivery}.lane <> 'isolated')`;

/** SQL: whether `delivery` belongs to an order, and is not the one whose turn it is. */
const isBehindHead = (delivery: string, gate: string): string =>
  `(${gate}.ordered AND ${delivery}.ordered AND ${delivery}.id <> (${headOf(`${delivery}.receiver`, 'id')}))`;

/**
 * SQL: whether an attempt of `delivery` may not start now, because it needs a permit and has none, or because others have
 * their turn before it. Never null.
 */
export const lacksPermit = (delivery: string): string => `
  (${isLeftOver(delivery)} AND NOT ${permitSince(delivery, VALID_SINCE)}
   OR coalesce((SELECT ${needsPermit(delivery, 'gate')} AND NOT ${permitSince(delivery, `greatest(${validSince('gate')}, gate.closed_at)`)}
                       OR ${isBehindHead(delivery, 'gate')}
                FROM receiver_gates gate WHERE gate.receiver = ${delivery}.receiver), false))`;

/** What can restrict a receiver: how to tell from its gate, and how to lift it. */
const RESTRICTIONS = {
  slow: { isSet: 'slow_since IS NOT NULL', lift: 'slow_since = NULL, slow_cause = NULL' },
  limits: {
    isSet: '(concurrency IS NOT NULL OR rate IS NOT NULL OR ordered)',
    lift: 'concurrency = NULL, rate = NULL, rate_period = NULL, ordered = false',
  },
  notBefore: {
    isSet: 'not_before IS NOT NULL',
    // The time of the wait is not lost, so it is not made up for.
    lift: `not_before = NULL, not_before_reason = NULL, next_start_at = greatest(next_start_at, least(not_before, now()))`,
  },
  spacing: { isSet: 'spacing_ms IS NOT NULL', lift: 'spacing_ms = NULL' },
  drain: { isSet: 'drain_rate IS NOT NULL', lift: 'drain_rate = NULL' },
};
export type Restriction = keyof typeof RESTRICTIONS;

/**
 * SQL: lifts a restriction from the gates that meet a condition, and removes those that restrict nothing else. Returns
 * their receivers. Rows are locked first: between two statements one could get another restriction, and lose it again.
 */
export function liftRestriction(restriction: Restriction, condition: string): string {
  const { isSet, lift } = RESTRICTIONS[restriction];
  const others = Object.entries(RESTRICTIONS).flatMap(([name, other]) =>
    name === restriction ? [] : other.isSet,
  );
  return `
    WITH locked AS (
      SELECT receiver, NOT (${others.join(' OR ')}) AS is_only FROM receiver_gates
      WHERE ${isSet} AND ${condition} ORDER BY receiver FOR UPDATE
    ), removed AS (
      DELETE FROM receiver_gates gate USING locked WHERE gate.receiver = locked.receiver AND locked.is_only
    ), kept AS (
      UPDATE receiver_gates gate SET ${lift}, updated_at = now()
      FROM locked WHERE gate.receiver = locked.receiver AND NOT locked.is_only
    )
    SELECT receiver FROM locked`;
}

type GateRow = {
  at: string;
  receiver: string;
  /** Null: the receiver has no gate. */
  gate: (Gate & { isLocked: boolean }) | null;
};

const msUntil = (time: string): string => `(extract(epoch FROM ${time} - clock.at) * 1000)::float8`;

const lockGates = (waiting: 'SKIP LOCKED' | ''): string => `
  WITH locked AS (
    SELECT * FROM receiver_gates WHERE receiver = ANY ($1::text[]) ORDER BY receiver FOR UPDATE ${waiting}
  )
  SELECT clock.at::text, wanted.receiver,
         CASE WHEN present.receiver IS NOT NULL THEN json_build_object(
           'isLocked', gate.receiver IS NOT NULL, 'isSlow', gate.slow_since IS NOT NULL, 'concurrency', gate.concurrency,
           'rate', CASE WHEN gate.rate IS NOT NULL THEN json_build_object('limit', gate.rate, 'per', gate.rate_period) END,
           'ordered', gate.ordered, 'spacingMs', gate.spacing_ms, 'drainRate', gate.drain_rate,
           'notBefore', CASE WHEN gate.not_before IS NOT NULL THEN
             json_build_object('inMs', ${msUntil('gate.not_before')}, 'reason', gate.not_before_reason) END,
           'nextInMs', ${msUntil('gate.next_start_at')}, 'lostMs', gate.lost_ms) END AS gate
  FROM (SELECT clock_timestamp() AS at) AS clock
  CROSS JOIN unnest($1::text[]) AS wanted (receiver)
  LEFT JOIN receiver_gates present ON present.receiver = wanted.receiver
  LEFT JOIN locked gate ON gate.receiver = wanted.receiver`;

const LOCK_GATES = lockGates('');
const LOCK_FREE_GATES = lockGates('SKIP LOCKED');

/** The gates of receivers; null for a receiver without one. Their times are relative to `at`, a time of Postgres. */
export type LockedGates = { at: string; gates: Map<string, Gate | null> };

/** Locks the gates of receivers until the transaction ends. With `skipLocked`, those that are locked already are left out. */
export async function lockGatesOf(
  db: Queryable,
  receivers: string[],
  { skipLocked }: { skipLocked: boolean },
): Promise<LockedGates> {
  const { rows } = await db.query<GateRow>({
    name: skipLocked ? 'lock-free-gates' : 'lock-gates',
    text: skipLocked ? LOCK_FREE_GATES : LOCK_GATES,
    values: [receivers],
  });
  const locked = rows.filter(({ gate }) => gate === null || gate.isLocked);
  return {
    at: rows[0]?.at ?? '',
    gates: new Map(locked.map(({ receiver, gate }) => [receiver, gate])),
  };
}
