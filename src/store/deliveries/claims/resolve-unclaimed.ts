import type pg from 'pg';
import type { DeliveryResult, DeliveryStep } from '../../../policy/delivery-result.ts';
import { describeOutcome, isFinalStatus } from '../../../policy/outcome.ts';
import { CLAIM_TOLERANCE_MS } from '../../../policy/retry-policy.ts';
import { inTransaction, type Queryable } from '../../postgres/database.ts';
import { renewOrGiveBack } from '../../receivers/gates/renew-permits.ts';
import { endAsGone, endUndeliverable } from '../end-gone.ts';
import { recordTransitions, settleCancelled, type Transition } from '../transitions.ts';
import { type Claimant, claimStateOf } from './claim-state.ts';
import { type DeliveryDetails, lockDeliveries, readDeliveries } from './delivery-details.ts';
import { recordUnknownAttempt, SPREAD_WITHIN_MS, useStep } from './write-off-claim.ts';

/** After this many unknown outcomes in a row a delivery is isolated, and each further one uses a step. */
const UNKNOWNS_BEFORE_ISOLATION = 2;

/** How long to wait before an open claim is checked again. */
const POLL_OPEN_CLAIM_AFTER_MS = 3_000;

/** A delivery that may be claimed, with the event and the size of its body: a large body has to be read first. */
export type ClaimableDelivery = DeliveryStep & { projectId: string; eventId: string; bodyBytes: number };

export type UnclaimedResult = {
  results: DeliveryResult[];
  /** May be claimed again at once, at the step that Postgres has. */
  claimable: ClaimableDelivery[];
  /** Deliveries that this call made undeliverable. */
  undeliverable: Transition[];
  /** Claims that were written off as unknown, and those of them whose process is still alive. */
  unknown: { count: number; wedged: WedgedClaim[] };
  /** The projects for which outcomes were written. */
  projectIds: Set<string>;
};

export type WedgedClaim = Pick<DeliveryDetails, 'id' | 'processId' | 'claimAgeMs'>;

/** The inputs for resolving one delivery, and the lists that it appends to. */
type ResolveContext = {
  random: () => number;
  claimant: Claimant | null;
  transitions: Transition[];
  wedged: WedgedClaim[];
  /** A retry that is further away waits in Postgres. */
  maxWorkflowWaitMs: number;
};

/**
 * Decides for each delivery that `owner` could not claim whether it is cancelled, ended, held, released, waiting or
 * claimable, and stores that. One that its receiver's gate does not let through is released without an attempt. A claim
 * that will never be recorded first becomes an `unknown` attempt, because the request may have
 * been sent. A claim that may still be recorded is waited for (docs/decisions/0010).
 */
export async function resolveUnclaimed(
  pool: pg.Pool,
  owner: string,
  wanted: DeliveryStep[],
  random: () => number = Math.random,
  claimant: Claimant | null = null,
  maxWorkflowWaitMs = Number.POSITIVE_INFINITY,
): Promise<UnclaimedResult> {
  return inTransaction(pool, async (client) => {
    const result: UnclaimedResult = {
      results: [],
      claimable: [],
      undeliverable: [],
      unknown: { count: 0, wedged: [] },
      projectIds: new Set(),
    };
    const transitions: Transition[] = [];
    const unpermitted: DeliveryDetails[] = [];
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
      const resolved: DeliveryResult | 'claimable' | 'lacks permit' = delivery
        ? await resolve(client, owner, delivery, step, {
            random,
            claimant,
            transitions,
            wedged: result.unknown.wedged,
            maxWorkflowWaitMs,
          })
        : { id, kind: 'released' };
      if (resolved === 'claimable') result.claimable.push(toClaimable(delivery!));
      else if (resolved === 'lacks permit') unpermitted.push(delivery!);
      else result.results.push(resolved);
    }
    // All at the end: recorded one by one, events would be locked in the order of their deliveries, which can deadlock.
    await recordTransitions(client, transitions);
    if (unpermitted.length > 0) {
      const permitted = await renewOrGiveBack(client, unpermitted);
      for (const delivery of unpermitted)
        if (permitted.has(delivery.id)) result.claimable.push(toClaimable(delivery));
        else result.results.push({ id: delivery.id, kind: 'released' });
    }
    result.undeliverable = transitions.filter(({ status }) => status === 'undeliverable');
    result.unknown.count = transitions.filter(({ outcome }) => outcome === 'unknown').length;
    result.projectIds = new Set(transitions.map(({ projectId }) => projectId));
    return result;
  });
}

async function resolve(
  client: pg.PoolClient,
  owner: string,
  delivery: DeliveryDetails,
  wantedStep: number,
  { random, claimant, transitions, wedged, maxWorkflowWaitMs }: ResolveContext,
): Promise<DeliveryResult | 'claimable' | 'lacks permit'> {
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
      dueInMs: POLL_OPEN_CLAIM_AFTER_MS,
      lastOutcome: 'open claim',
    };
  }
  const unknowns = claim === 'none' ? 0 : delivery.unknownStreak + 1;
  if (claim !== 'none') transitions.push(...(await recordUnknownAttempt(client, delivery)));
  if (claim === 'wedged') wedged.push(delivery);
  const cancelReason =
    delivery.cancelReason ?? (delivery.endpointStatus === 'deleted' ? 'endpoint_deleted' : null);
  if (cancelReason) {
    transitions.push(...(await settleCancelled(client, [{ id, reason: cancelReason }])));
    return { id, kind: 'cancelled', lastOutcome };
  }
  if (delivery.isGone) {
    transitions.push(...(await endAsGone(client, [id])));
    return { id, kind: 'undeliverable', lastOutcome };
  }
  if (delivery.isExpired) {
    transitions.push(...(await endUndeliverable(client, [id], 'expired')));
    return { id, kind: 'undeliverable', lastOutcome };
  }
  if (delivery.holdReason !== null) {
    await client.query(HOLD, [id, delivery.holdReason]);
    return { id, kind: 'released' };
  }
  if (unknowns > UNKNOWNS_BEFORE_ISOLATION)
    return useStep(client, delivery, { random, maxWorkflowWaitMs }, transitions);
  if (unknowns === UNKNOWNS_BEFORE_ISOLATION) {
    await client.query(ISOLATE, [id, random() * SPREAD_WITHIN_MS]);
    return { id, kind: 'released' };
  }
  if (unknowns === 0 && (delivery.step !== wantedStep || delivery.dueInMs > CLAIM_TOLERANCE_MS)) {
    return { id, kind: 'waiting', step: delivery.step, dueInMs: delivery.dueInMs, lastOutcome };
  }
  return delivery.lacksPermit ? 'lacks permit' : 'claimable';
}

/**
 * Returns the state of each delivery for `owner` and changes nothing. Used when a record was not written, because an
 * earlier write had succeeded without an acknowledgement or because the claim had been written off.
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

const toClaimable = ({ id, step, projectId, eventId, bodyBytes }: DeliveryDetails): ClaimableDelivery => ({
  id,
  step,
  projectId,
  eventId,
  bodyBytes,
});

const lastOutcomeOf = ({ lastOutcome, lastStatusCode }: DeliveryDetails): string =>
  lastOutcome === null ? 'cancelled' : describeOutcome(lastOutcome, lastStatusCode);

const HOLD = `UPDATE deliveries SET status = 'held', waiting_for = $2, owner = NULL, due_at = NULL WHERE id = $1`;

const ISOLATE = `
  UPDATE deliveries SET owner = NULL, lane = 'isolated', due_at = now() + $2::float8 * interval '1 millisecond'
  WHERE id = $1`;
