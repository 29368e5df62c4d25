import type pg from 'pg';
import type { DeliveryResult, DeliveryStep } from '../../../policy/delivery-result.ts';
import { describeOutcome, isFinalStatus } from '../../../policy/outcome.ts';
import { CLAIM_TOLERANCE_MS } from '../../../policy/retry-policy.ts';
import { inTransaction, type Queryable } from '../../postgres/database.ts';
import { recordTransitions, settleCancelled, type Transition } from '../transitions.ts';
import { type Claimant, claimStateOf } from './claim-state.ts';
import { type DeliveryDetails, lockDeliveries, readDeliveries } from './delivery-details.ts';
import { SPREAD_WITHIN_MS, useStep, writeUnknown } from './write-off-claim.ts';

/** After this many unknown outcomes in a row a delivery travels alone, and each further one uses a step. */
const UNKNOWNS_BEFORE_ALONE = 2;

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
    await client.query(SEND_ALONE, [id, random() * SPREAD_WITHIN_MS]);
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
