import type pg from 'pg';
import type { DeliveryResult, DeliveryStep } from '../policy/delivery-result.ts';
import {
  claimDeliveries,
  type KnownBodies,
  MAX_CLAIMED_BODY_BYTES,
} from '../store/deliveries/claims/claim-deliveries.ts';
import type { OpenClaim } from '../store/deliveries/claims/claim-state.ts';
import {
  type ClaimableDelivery,
  resolveUnclaimed,
  type WedgedClaim,
} from '../store/deliveries/claims/resolve-unclaimed.ts';
import type { Transition } from '../store/deliveries/transitions.ts';
import { eventKey } from '../store/events/event-key.ts';
import { type AttemptClaims, type AttemptResult, type ClaimedDelivery, resultNow } from './attempt-claims.ts';
import type { AttemptSlot } from './attempt-limiter.ts';
import { retrySoon } from './delivery-results.ts';
import type { EventBodies } from './event-bodies.ts';

/** No POST starts later than this after its claim was sent, so that a confirmed cancel takes effect. */
const START_WITHIN_MS = 1_000;
/** If there is no memory for a large body by then, its deliveries return to the queue in Postgres. */
const WAIT_FOR_BODY_MS = 5_000;
/** Bytes sent after one claim of a large event: all its POSTs must start within START_WITHIN_MS. */
const BYTES_PER_CLAIM = 4 * 1024 * 1024;

export type ClaimDependencies = {
  pool: pg.Pool;
  /** The claiming process. Throws before its first heartbeat: other processes would record its claims as unknown. */
  processId: () => string;
  bodies: EventBodies;
  attemptClaims: AttemptClaims;
  /** Whether claims need the trace of their event. */
  readsTrace?: boolean;
  /** Whether this process attempts the delivery for a workflow other than `owner`, or has yet to record or release the claim. */
  isStillWorkedOn: (owner: string, claim: OpenClaim) => boolean;
  readResult: (id: string, step: number, owner: string, giveUpAt: number) => Promise<DeliveryResult>;
  releaseUnclaimed: (steps: DeliveryStep[], owner: string, giveUpAt: number) => Promise<AttemptResult[]>;
  onOutcomes: (projectIds: Set<string>) => void;
  onUndeliverable: (deliveries: Transition[]) => void;
  /** Called with the claims recorded as `unknown`, and with those among them whose process is alive. */
  onUnknown: (count: number, wedged: WedgedClaim[]) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  maxWorkflowWaitMs: number;
  random: () => number;
};

/** Resolves when the batch is claimed; `results` never rejects. Takes one slot per delivery and releases all. */
export type ClaimAndAttempt = (
  batch: DeliveryStep[],
  slots: AttemptSlot[],
  owner: string,
  giveUpAt: number,
) => Promise<{ results: Promise<AttemptResult[]> }>;

/** Claims deliveries and attempts them. Those that a plain claim does not cover are resolved first. */
export function createClaimAndAttempt(deps: ClaimDependencies): ClaimAndAttempt {
  const { pool, processId, bodies, attemptClaims, isStillWorkedOn, readResult, releaseUnclaimed } = deps;
  const { onOutcomes, onUndeliverable, onUnknown, onFailure, maxWorkflowWaitMs, random } = deps;

  const claimAndAttempt: ClaimAndAttempt = async (batch, slots, owner, giveUpAt) => {
    const { claims, spareSlots, unclaimed } = await claim(batch, slots, owner).catch((error) => {
      for (const slot of slots) slot.release();
      throw error;
    });
    for (const slot of spareSlots) slot.markDeferred();
    // In parallel: resolving the unclaimed ones row by row must not use up the second in which the claimed ones must start.
    const results = Promise.all([
      attemptClaims(claims, owner, giveUpAt),
      attemptUnclaimed(unclaimed, spareSlots, owner, giveUpAt),
    ]);
    return { results: results.then((lists) => lists.flat()) };
  };

  async function claim<T extends DeliveryStep>(
    steps: T[],
    slots: AttemptSlot[],
    owner: string,
    known?: KnownBodies,
  ): Promise<{ claims: ClaimedDelivery[]; spareSlots: AttemptSlot[]; unclaimed: T[] }> {
    const claimSentAt = performance.now();
    const claims = await claimDeliveries(pool, owner, steps, {
      processId: processId(),
      known,
      withTrace: deps.readsTrace,
    });
    const claimedIds = new Set(claims.map(({ id }) => id));
    return {
      claims: claims.map((claimed, index) => ({
        claim: claimed,
        slot: slots[index]!,
        claimSentAt,
        startBy: claimSentAt + START_WITHIN_MS,
      })),
      spareSlots: slots.slice(claims.length),
      unclaimed: steps.filter(({ id }) => !claimedIds.has(id)),
    };
  }

  /** Resolves why deliveries could not be claimed, and attempts those that may be sent. */
  async function attemptUnclaimed(
    unclaimed: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    if (unclaimed.length === 0) return [];
    try {
      const claimant = {
        processId: processId(),
        isInFlight: (claim: OpenClaim) => isStillWorkedOn(owner, claim),
      };
      const resolved = await resolveUnclaimed(pool, owner, unclaimed, random, claimant, maxWorkflowWaitMs);
      if (resolved.projectIds.size > 0) onOutcomes(resolved.projectIds);
      if (resolved.unknown.count > 0) onUnknown(resolved.unknown.count, resolved.unknown.wedged);
      if (resolved.undeliverable.length > 0) onUndeliverable(resolved.undeliverable);
      const { large = [], small = [] } = Object.groupBy(resolved.claimable, sizeClassOf);
      const freeSlots = [...slots];
      // The slots of settled and later deliveries would otherwise stay idle until the other attempts end.
      for (const slot of freeSlots.splice(resolved.claimable.length)) slot.release();
      const attempts = [
        claimAgain(small, freeSlots.splice(0, small.length), owner, giveUpAt).then(({ results }) => results),
      ];
      for (const eventDeliveries of Map.groupBy(large, keyOfEvent).values()) {
        attempts.push(
          attemptLarge(eventDeliveries, freeSlots.splice(0, eventDeliveries.length), owner, giveUpAt),
        );
      }
      return [...resolved.results.map(resultNow), ...(await Promise.all(attempts)).flat()];
    } catch (error) {
      onFailure(error, null);
      return unclaimed.map(retrySoonNow);
    } finally {
      for (const slot of slots) slot.release();
    }
  }

  /** Resolves when the deliveries are claimed. Neither this promise nor `results` rejects. */
  async function claimAgain(
    steps: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
    known?: KnownBodies,
  ): Promise<{ results: Promise<AttemptResult[]> }> {
    if (steps.length === 0) return { results: Promise.resolve([]) };
    try {
      const { claims, unclaimed } = await claim(steps, slots, owner, known);
      const results = Promise.all([
        attemptClaims(claims, owner, giveUpAt),
        ...unclaimed.map(({ id, step }) => readResult(id, step, owner, giveUpAt).then(resultNow)),
      ]);
      return { results: results.then((lists) => lists.flat()) };
    } catch (error) {
      onFailure(error, null);
      return { results: Promise.resolve(steps.map(retrySoonNow)) };
    }
  }

  /** Reads the body of an event once, and only then claims its deliveries, a few at a time. */
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
          const part = deliveries.slice(from, from + perClaim);
          const { results } = await claimAgain(
            part,
            slots.slice(from, from + perClaim),
            owner,
            giveUpAt,
            known,
          );
          attempts.push(results);
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

const retrySoonNow = ({ id, step }: DeliveryStep): AttemptResult => resultNow(retrySoon(id, step));

const sizeClassOf = ({ bodyBytes }: ClaimableDelivery): 'large' | 'small' =>
  bodyBytes > MAX_CLAIMED_BODY_BYTES ? 'large' : 'small';
const keyOfEvent = ({ projectId, eventId }: ClaimableDelivery): string => eventKey(projectId, eventId);
