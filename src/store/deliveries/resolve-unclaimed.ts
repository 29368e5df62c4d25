import type pg from 'pg';
import type { DeliveryResult, DeliveryStep } from '../../policy/delivery-result.ts';
import { describeOutcome, isFinalStatus } from '../../policy/outcome.ts';
import {
  CLAIM_TOLERANCE_MS,
  deserializePolicy,
  maxAttempts,
  retryDelayMs,
} from '../../policy/retry-policy.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { type Claimant, claimStateOf } from './claim-state.ts';
import { type DeliveryDetails, lockDeliveries, readDeliveries } from './claims.ts';
import { recordTransitions, settleCancelled, TRANSITION_COLUMNS, type Transition } from './settlement.ts';

/** After this many unknown outcomes in a row a delivery travels alone, and each further one uses a step. */
const UNKNOWNS_BEFORE_ALONE = 2;
/**
 * Deliveries that a lost worker left unknown together go on at times of their own within this: in step, the one that
 * kills its worker would take the others along each time, until they are undeliverable.
 */
const PART_WITHIN_MS = 5_000;

/** A claim that its process may still record is looked at again after this. */
const LOOK_AT_OPEN_CLAIM_AFTER_MS = 3_000;

/** A delivery that may be claimed, with what has to be read before, if its body is large. */
export type ClaimableDelivery = DeliveryStep & { projectId: string; eventId: string; bodyBytes: number };

export type UnclaimedResult = {
  results: DeliveryResult[];
  /** Free to be claimed again at once, at the step that Postgres knows. */
  claimable: ClaimableDelivery[];
  /** What has become undeliverable here. */
  undeliverable: Transition[];
  /** Claims that were written off, and those of them whose process lives. */
  unknown: { count: number; wedged: WedgedClaim[] };
  /** Whose outcomes were written. */
  projectIds: Set<string>;
};

export type WedgedClaim = Pick<DeliveryDetails, 'id' | 'processId' | 'claimAgeMs'>;

/** What resolving one delivery needs, and what it adds to. */
type Resolving = {
  random: () => number;
  claimant: Claimant | null;
  moved: Transition[];
  wedged: WedgedClaim[];
};

/**
 * Tells apart what `owner` could not plainly claim, and settles, parks or releases what may not be sent. A claim that
 * will never be recorded becomes an `unknown` attempt first, because the POST may have happened; one that still may be
 * is waited for (docs/decisions/0010).
 */
export async function resolveUnclaimed(
  pool: pg.Pool,
  owner: string,
  wanted: DeliveryStep[],
  random: () => number = Math.random,
  claimant: Claimant | null = null,
): Promise<UnclaimedResult> {
  return inTransaction(pool, async (client) => {
    const result: UnclaimedResult = {
      results: [],
      claimable: [],
      undeliverable: [],
      unknown: { count: 0, wedged: [] },
      projectIds: new Set(),
    };
    const moved: Transition[] = [];
    const locked = new Map(
      (
        await lockDeliveries(
          client,
          wanted.map(({ id }) => id),
        )
      ).map((delivery) => [delivery.id, delivery]),
    );
    for (const { id, step } of wanted) {
      const delivery = locked.get(id);
      const resolved: DeliveryResult | 'claimable' = delivery
        ? await resolve(client, owner, delivery, step, {
            random,
            claimant,
            moved,
            wedged: result.unknown.wedged,
          })
        : { id, kind: 'released' };
      if (resolved === 'claimable') result.claimable.push(claimableOf(delivery!));
      else result.results.push(resolved);
    }
    // Once, at the end: told one by one, events would be locked in the order of their deliveries, and deadlock.
    await recordTransitions(client, moved);
    result.undeliverable = moved.filter(({ status }) => status === 'undeliverable');
    result.unknown.count = moved.filter(({ outcome }) => outcome === 'unknown').length;
    result.projectIds = new Set(moved.map(({ projectId }) => projectId));
    return result;
  });
}

async function resolve(
  client: pg.PoolClient,
  owner: string,
  delivery: DeliveryDetails,
  wantedStep: number,
  { random, claimant, moved, wedged }: Resolving,
): Promise<DeliveryResult | 'claimable'> {
  const { id } = delivery;
  const lastOutcome = lastOutcomeOf(delivery);
  if (isFinalStatus(delivery.status)) return { id, kind: delivery.status, lastOutcome };
  if (delivery.owner !== owner) return { id, kind: 'released' };

  const claim = claimStateOf(delivery, claimant);
  if (claim === 'open') {
    const { step } = delivery;
    return {
      id,
      kind: 'waiting',
      step,
      dueInMs: LOOK_AT_OPEN_CLAIM_AFTER_MS,
      lastOutcome: 'open claim',
    };
  }
  const unknowns = claim === 'none' ? 0 : delivery.unknownStreak + 1;
  if (claim !== 'none') moved.push(...(await writeUnknown(client, delivery)));
  if (claim === 'wedged') wedged.push(delivery);
  const cancelReason =
    delivery.cancelReason ?? (delivery.endpointStatus === 'deleted' ? 'endpoint_deleted' : null);
  if (cancelReason) {
    moved.push(...(await settleCancelled(client, [{ id, reason: cancelReason }])));
    return { id, kind: 'cancelled', lastOutcome };
  }
  if (delivery.holdReason !== null) {
    await client.query(HOLD, [id, delivery.holdReason]);
    return { id, kind: 'released' };
  }
  if (unknowns > UNKNOWNS_BEFORE_ALONE) return useStep(client, delivery, random, moved);
  if (unknowns === UNKNOWNS_BEFORE_ALONE) {
    await client.query(SEND_ALONE, [id, random() * PART_WITHIN_MS]);
    return { id, kind: 'released' };
  }
  if (unknowns === 0 && (delivery.step !== wantedStep || delivery.dueInMs > CLAIM_TOLERANCE_MS)) {
    return { id, kind: 'waiting', step: delivery.step, dueInMs: delivery.dueInMs, lastOutcome };
  }
  return 'claimable';
}

/**
 * Where deliveries stand for `owner`, changing nothing: for a record that was not written because it was
 * written before (a lost acknowledgement) or because the claim is another's by now.
 */
export async function readDeliveryResults(
  db: Queryable,
  owner: string,
  ids: string[],
): Promise<DeliveryResult[]> {
  const found = new Map((await readDeliveries(db, ids)).map((delivery) => [delivery.id, delivery]));
  return ids.map((id): DeliveryResult => {
    const delivery = found.get(id);
    if (!delivery) return { id, kind: 'released' };
    const lastOutcome = lastOutcomeOf(delivery);
    const { status, step, dueInMs } = delivery;
    if (isFinalStatus(status)) return { id, kind: status, lastOutcome };
    if (delivery.owner !== owner || delivery.claimedAt) return { id, kind: 'released' };
    return { id, kind: 'waiting', step, dueInMs, lastOutcome };
  });
}

const claimableOf = ({ id, step, projectId, eventId, bodyBytes }: DeliveryDetails): ClaimableDelivery => ({
  id,
  step,
  projectId,
  eventId,
  bodyBytes,
});

const lastOutcomeOf = ({ lastOutcome, lastStatusCode }: DeliveryDetails): string =>
  lastOutcome === null ? 'cancelled' : describeOutcome(lastOutcome, lastStatusCode);

const HOLD = `UPDATE deliveries SET status = 'held', waiting_for = $2, owner = NULL, due_at = NULL WHERE id = $1`;

const SEND_ALONE = `
  UPDATE deliveries SET owner = NULL, lane = 'isolated', due_at = now() + $2::float8 * interval '1 millisecond'
  WHERE id = $1`;

const WRITE_UNKNOWN = `
  WITH written AS (
    INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
    SELECT id, epoch, attempts + 1, step, trigger, claimed_at, $2, 'unknown' FROM deliveries WHERE id = $1
    ON CONFLICT (delivery_id, epoch) DO NOTHING
  )
  UPDATE deliveries d
  SET attempts = attempts + 1, claimed_at = NULL, unknown_streak = unknown_streak + 1, trigger = 'rerun',
      last_outcome = 'unknown', last_status_code = NULL,
      status = CASE WHEN status = 'pending' THEN 'retrying' ELSE status END
  WHERE id = $1
  RETURNING ${TRANSITION_COLUMNS}, 'unknown' AS outcome`;

/** Writes off the open claim as an attempt of which nobody knows how it ended. */
async function writeUnknown(
  client: pg.PoolClient,
  { id, claimAgeMs }: DeliveryDetails,
): Promise<Transition[]> {
  const { rows } = await client.query<Transition>(WRITE_UNKNOWN, [id, claimAgeMs]);
  return rows;
}

const USE_STEP = `
  UPDATE deliveries d
  SET status = CASE WHEN $2::float8 IS NULL THEN 'undeliverable' ELSE 'retrying' END,
      step = CASE WHEN $2::float8 IS NULL THEN step ELSE step + 1 END,
      due_at = now() + $2::float8 * interval '1 millisecond',
      trigger = 'schedule',
      reason = CASE WHEN $2::float8 IS NULL THEN 'exhausted' END,
      settled_at = CASE WHEN $2::float8 IS NULL THEN clock_timestamp() END
  WHERE id = $1
  RETURNING ${TRANSITION_COLUMNS}, NULL AS outcome`;

async function useStep(
  client: pg.PoolClient,
  delivery: DeliveryDetails,
  random: () => number,
  moved: Transition[],
): Promise<DeliveryResult> {
  const policy = deserializePolicy(delivery.policy);
  const isLast = delivery.step + 1 >= maxAttempts(policy);
  const delayMs = isLast
    ? null
    : retryDelayMs(policy, delivery.step, random)! + Math.round(random() * PART_WITHIN_MS);
  const { rows } = await client.query<Transition>(USE_STEP, [delivery.id, delayMs]);
  if (delayMs === null) {
    moved.push(...rows);
    return { id: delivery.id, kind: 'undeliverable', lastOutcome: 'unknown' };
  }
  return {
    id: delivery.id,
    kind: 'waiting',
    step: delivery.step + 1,
    dueInMs: delayMs,
    lastOutcome: 'unknown',
  };
}
