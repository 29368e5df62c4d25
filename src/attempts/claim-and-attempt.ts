import type pg from 'pg';
import type { DeliveryResult, DeliveryStep } from '../policy/delivery-result.ts';
import {
  claimDeliveries,
  type KnownBodies,
  MAX_CLAIMED_BODY_BYTES,
} from '../store/deliveries/claims/claim-deliveries.ts';
import {
  type ClaimableDelivery,
  resolveUnclaimed,
  type WedgedClaim,
} from '../store/deliveries/claims/resolve-unclaimed.ts';
import type { Transition } from '../store/deliveries/transitions.ts';
import { eventKey } from '../store/events/event-key.ts';
import { type AttemptClaims, type AttemptResult, type ClaimedDelivery, resultNow } from './attempt.ts';
import type { AttemptSlot } from './attempt-limiter.ts';
import { retrySoon } from './delivery-results.ts';
import type { EventBodies } from './event-bodies.ts';

/** No POST begins later than this after its claim was sent: a cancel that was answered must hold. */
const START_WITHIN_MS = 1_000;
/** A large body that finds no room in this time leaves its deliveries to the queue in Postgres. */
const WAIT_FOR_BODY_MS = 5_000;
/** Bytes that deliveries of one large event send after one claim: they must all begin within its second. */
const BYTES_PER_CLAIM = 4 * 1024 * 1024;

export type ClaimDependencies = {
  pool: pg.Pool;
  /** Who claims. Throws until others can see that this process lives: they would write its claims off. */
  processId: () => string;
  bodies: EventBodies;
  attemptClaims: AttemptClaims;
  /** Whether an attempt at the delivery, or a release of it, is under way here for another workflow than `owner`. */
  isInFlightForOtherOwner: (owner: string, id: string) => boolean;
  readResult: (id: string, step: number, owner: string, giveUpAt: number) => Promise<DeliveryResult>;
  releaseUnclaimed: (steps: DeliveryStep[], owner: string, giveUpAt: number) => Promise<AttemptResult[]>;
  onOutcomes: (projectIds: Set<string>) => void;
  onUndeliverable: (deliveries: Transition[]) => void;
  /** Told of claims that were written off as `unknown`, and of those of them whose process lives. */
  onUnknown: (count: number, wedged: WedgedClaim[]) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  random: () => number;
};

/** Resolves when the batch is claimed; what becomes of it then never throws. There is a slot for each delivery. */
export type ClaimAndAttempt = (
  batch: DeliveryStep[],
  slots: AttemptSlot[],
  owner: string,
  giveUpAt: number,
) => Promise<{ results: Promise<AttemptResult[]> }>;

/** Claims deliveries and attempts them: the plain ones at once, the others as soon as they are told apart. */
export function createClaimAndAttempt(deps: ClaimDependencies): ClaimAndAttempt {
  const { pool, processId, bodies, attemptClaims, isInFlightForOtherOwner, readResult, releaseUnclaimed } =
    deps;
  const { onOutcomes, onUndeliverable, onUnknown, onFailure, random } = deps;

  const claimAndAttempt: ClaimAndAttempt = async (batch, slots, owner, giveUpAt) => {
    const { claims, left, unclaimed } = await claim(batch, slots, owner).catch((error) => {
      for (const slot of slots) slot.release();
      throw error;
    });
    for (const slot of left) slot.markDeferred();
    // Side by side: telling the rest apart, row by row, must not use up the second in which the plain ones may start.
    const over = Promise.all([
      attemptClaims(claims, owner, giveUpAt),
      attemptRest(unclaimed, left, owner, giveUpAt),
    ]);
    return { results: over.then((results) => results.flat()) };
  };

  async function claim<T extends DeliveryStep>(
    steps: T[],
    slots: AttemptSlot[],
    owner: string,
    known?: KnownBodies,
  ): Promise<{ claims: ClaimedDelivery[]; left: AttemptSlot[]; unclaimed: T[] }> {
    const claimSentAt = performance.now();
    const claims = await claimDeliveries(pool, owner, steps, processId(), known);
    const claimed = new Set(claims.map(({ id }) => id));
    return {
      claims: claims.map((one, place) => ({
        claim: one,
        slot: slots[place]!,
        claimSentAt,
        startBy: claimSentAt + START_WITHIN_MS,
      })),
      left: slots.slice(claims.length),
      unclaimed: steps.filter(({ id }) => !claimed.has(id)),
    };
  }

  /** Tells apart what was not plain, and attempts what may be sent. */
  async function attemptRest(
    rest: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    if (rest.length === 0) return [];
    try {
      const claimant = {
        processId: processId(),
        isInFlight: (id: string) => isInFlightForOtherOwner(owner, id),
      };
      const resolved = await resolveUnclaimed(pool, owner, rest, random, claimant);
      if (resolved.projectIds.size > 0) onOutcomes(resolved.projectIds);
      if (resolved.unknown.count > 0) onUnknown(resolved.unknown.count, resolved.unknown.wedged);
      if (resolved.undeliverable.length > 0) onUndeliverable(resolved.undeliverable);
      const { large = [], small = [] } = Object.groupBy(resolved.claimable, sizeOf);
      const free = [...slots];
      // Those of what is over or due later would be idle for as long as the others are attempted.
      for (const slot of free.splice(resolved.claimable.length)) slot.release();
      const attempts = [
        claimAgain(small, free.splice(0, small.length), owner, giveUpAt).then(({ over }) => over),
      ];
      for (const ofEvent of Map.groupBy(large, keyOfEvent).values()) {
        attempts.push(attemptLarge(ofEvent, free.splice(0, ofEvent.length), owner, giveUpAt));
      }
      return [...resolved.results.map(resultNow), ...(await Promise.all(attempts)).flat()];
    } catch (error) {
      onFailure(error, null);
      return rest.map(retrySoonNow);
    } finally {
      for (const slot of slots) slot.release();
    }
  }

  /** Resolves when what is still free is claimed; neither this nor what becomes of it throws. */
  async function claimAgain(
    steps: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
    known?: KnownBodies,
  ): Promise<{ over: Promise<AttemptResult[]> }> {
    if (steps.length === 0) return { over: Promise.resolve([]) };
    try {
      const { claims, unclaimed } = await claim(steps, slots, owner, known);
      const over = Promise.all([
        attemptClaims(claims, owner, giveUpAt),
        ...unclaimed.map(({ id, step }) => readResult(id, step, owner, giveUpAt).then(resultNow)),
      ]);
      return { over: over.then((results) => results.flat()) };
    } catch (error) {
      onFailure(error, null);
      return { over: Promise.resolve(steps.map(retrySoonNow)) };
    }
  }

  /** Reads the body of an event once, however long that takes, and only then claims, few at a time. */
  async function attemptLarge(
    deliveries: ClaimableDelivery[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    const event = deliveries[0]!;
    const until = performance.now() + WAIT_FOR_BODY_MS;
    try {
      const found = await bodies.withBody(event, until, async (body) => {
        const known = new Map([[keyOfEvent(event), body]]);
        const perClaim = Math.max(1, Math.floor(BYTES_PER_CLAIM / body.length));
        const attempts: Promise<AttemptResult[]>[] = [];
        for (let from = 0; from < deliveries.length; from += perClaim) {
          const some = deliveries.slice(from, from + perClaim);
          const { over } = await claimAgain(some, slots.slice(from, from + perClaim), owner, giveUpAt, known);
          attempts.push(over);
        }
        return (await Promise.all(attempts)).flat();
      });
      return found ? found.result : await releaseUnclaimed(deliveries, owner, giveUpAt);
    } catch (error) {
      onFailure(error, null);
      return deliveries.map(retrySoonNow);
    }
  }

  return claimAndAttempt;
}

/** What has failed on our side is claimed anew: Postgres then says where it stands. */
const retrySoonNow = ({ id, step }: DeliveryStep): AttemptResult => resultNow(retrySoon(id, step));

const sizeOf = ({ bodyBytes }: ClaimableDelivery): 'large' | 'small' =>
  bodyBytes > MAX_CLAIMED_BODY_BYTES ? 'large' : 'small';
const keyOfEvent = ({ projectId, eventId }: ClaimableDelivery): string => eventKey(projectId, eventId);
