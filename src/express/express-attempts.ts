import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedDelivery } from '../attempts/attempt-claims.ts';
import type { AttemptEngine } from '../attempts/attempt-engine.ts';
import type { AttemptLimiter, AttemptSlot } from '../attempts/attempt-limiter.ts';
import type { ReserveRetry } from '../attempts/retry-reservation.ts';
import { startInTurns } from '../attempts/start-in-turns.ts';
import type { Reservation, Reserve } from '../dispatch/reservation.ts';
import { PendingWork } from '../limits/pending-work.ts';
import { expressOwner } from '../policy/owner.ts';
import type { NewDelivery } from '../store/events/accept/match-receivers.ts';
import type { ExpressCapacity } from './express-capacity.ts';
import { EXPRESS_EPOCH, type ExpressDelivery, mayTravelExpress, toClaims } from './express-delivery.ts';

/*
 * First attempts without a workflow. A new delivery is stored with its claim already open, and the request is made from
 * memory as soon as the transaction has committed. If the attempt fails, a workflow carries on with the next step. If this
 * process dies, the reconciler gives the delivery to a workflow, which records the attempt as unknown and repeats it.
 */

export type ExpressAttempts = {
  /** Reserves deliveries that this process attempts itself; `otherwise` decides about the rest. */
  reserve: Reserve;
  /** Takes no more deliveries. Resolves when the attempts in flight are recorded, at the latest after 75 s. */
  close(): Promise<void>;
};

export type ExpressDependencies = {
  engine: Pick<AttemptEngine, 'attemptClaimed' | 'releaseClaim'>;
  limiter: Pick<AttemptLimiter, 'tryAcquire'>;
  capacity: ExpressCapacity;
  /** Null without a recent heartbeat, because other processes may count this one as lost. */
  processId: () => string | null;
  otherwise: Reserve;
  reserveRetry: ReserveRetry;
  /** Makes a delivery whose claim stays open available to a workflow. */
  handOver: (owner: string, deliveryId: string) => Promise<void>;
  /** Called with the numbers of stored deliveries that are attempted without a workflow, and of all others. */
  onStored: (express: number, others: number) => void;
  onFailure: (error: unknown, deliveryId: string) => void;
};

/** No request starts later than this after its endpoint was read, so that a confirmed cancel or pause takes effect. */
const START_WITHIN_MS = 1_000;
/** The longest attempt, with the time to record it. */
const CLOSE_WITHIN_MS = 75_000;

type Reserved = { delivery: ExpressDelivery; slot: AttemptSlot };

function toClaimed(reserved: Reserved[]): ClaimedDelivery[] {
  const claims = toClaims(reserved.map(({ delivery }) => delivery));
  return reserved.map(({ delivery: { details }, slot }, index) => ({
    claim: claims[index]!,
    slot,
    claimSentAt: details.readAt,
    startBy: details.readAt + START_WITHIN_MS,
  }));
}

export function createExpressAttempts(deps: ExpressDependencies): ExpressAttempts {
  const { engine, limiter, capacity, processId, otherwise, reserveRetry, handOver, onStored, onFailure } =
    deps;
  const inFlight = new PendingWork();
  let closed = false;

  const reserve: Reserve = (deliveries) => {
    const id = closed ? null : processId();
    if (id === null) return otherwise(deliveries);
    const owner = expressOwner(id);
    const reserved = new Map<NewDelivery, Reserved>();
    for (const delivery of deliveries) {
      const slot = mayTravelExpress(delivery) && takeSlot(delivery);
      if (slot) reserved.set(delivery, { delivery, slot });
    }
    const rest = deliveries.filter((delivery) => !reserved.has(delivery));
    const others = reserveOthers(rest, reserved);
    const otherOwners = new Map(rest.map((delivery, index) => [delivery, others.owners[index]!]));
    return {
      owners: deliveries.map((delivery) => (reserved.has(delivery) ? owner : otherOwners.get(delivery)!)),
      commit(isStored) {
        const { true: stored = [], false: lost = [] } = Object.groupBy(
          reserved.values(),
          ({ delivery }) => `${isStored(delivery)}` as const,
        );
        for (const one of lost) free(one);
        // The connections to receivers close as well, so nothing can be sent.
        if (closed) releaseAll(stored);
        else inFlight.add(attemptAll(toClaimed(stored), owner));
        onStored(stored.length, rest.filter((other) => !other.waitingFor && isStored(other)).length);
        others.commit(isStored);
      },
      release(mayBeStored) {
        if (mayBeStored) releaseAll([...reserved.values()]);
        else for (const one of reserved.values()) free(one);
        others.release(mayBeStored);
      },
    };
  };

  function reserveOthers(rest: NewDelivery[], reserved: Map<NewDelivery, Reserved>): Reservation {
    try {
      return otherwise(rest);
    } catch (error) {
      for (const one of reserved.values()) free(one);
      throw error;
    }
  }

  function takeSlot(delivery: ExpressDelivery): AttemptSlot | null {
    if (!capacity.take(delivery)) return null;
    const slot = limiter.tryAcquire(delivery.projectId);
    if (!slot) capacity.release(delivery);
    return slot;
  }

  function free({ delivery, slot }: Reserved): void {
    slot.release();
    capacity.release(delivery);
  }

  /** The rows, if there are any, have open claims of a process that is alive. Nobody else would close them. */
  function releaseAll(all: Reserved[]): void {
    for (const one of all) {
      free(one);
      inFlight.add(releaseClaim(one.delivery));
    }
  }

  async function attemptAll(claimed: ClaimedDelivery[], owner: string): Promise<void> {
    // The response to the producer goes first.
    await nextTick();
    await startInTurns(claimed, (one) => inFlight.add(attempt(one, owner)));
  }

  async function attempt(claimed: ClaimedDelivery, owner: string): Promise<void> {
    const { id } = claimed.claim;
    let isCarriedOn = false;
    const reserveNext: ReserveRetry = (pending) => {
      const reservation = reserveRetry(pending);
      const commit = (): void => {
        isCarriedOn = true;
        reservation.commit();
      };
      return { ...reservation, commit };
    };
    try {
      const result = await engine.attemptClaimed({ ...claimed, reserveRetry: reserveNext }, owner);
      const isOpen = result.kind === 'unrecorded' || result.result.kind === 'waiting';
      // A step of the attempt failed inside Posthorn, and the claim may still be open.
      if (isOpen && !isCarriedOn) await handOver(owner, id);
    } catch (error) {
      onFailure(error, id);
    } finally {
      capacity.release(claimed.claim);
    }
  }

  async function releaseClaim({ id, lane }: ExpressDelivery): Promise<void> {
    await engine
      .releaseClaim({ id, epoch: EXPRESS_EPOCH, lane, dueInMs: 0 })
      .catch((error) => onFailure(error, id));
  }

  return {
    reserve,
    async close() {
      closed = true;
      const timeUp = new AbortController();
      const late = sleep(CLOSE_WITHIN_MS, undefined, { signal: timeUp.signal }).catch(() => {});
      await Promise.race([inFlight.whenIdle(), late]);
      timeUp.abort();
    },
  };
}
