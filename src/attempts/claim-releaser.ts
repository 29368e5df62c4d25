import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import {
  type ReleasableClaim,
  type ReleasedClaim,
  releaseClaims,
} from '../store/deliveries/claims/release-claims.ts';
import { isOutage } from '../store/postgres/database.ts';

export type ClaimReleaser = {
  /**
   * Resolves with what became of the claim; `superseded`: it was written off by then, or an earlier release of
   * which the answer was lost closed it; null: it could not be released by `giveUpAt` (performance.now()).
   */
  release(claim: ReleasableClaim, giveUpAt: number): Promise<ReleasedClaim | 'superseded' | null>;
  /** Its release is not written yet: the claim is still open, and nothing was sent for it. */
  isPending(deliveryId: string): boolean;
  /** Stops trying. */
  close(): void;
};

type Waiting = {
  claim: ReleasableClaim;
  resolve: (released: ReleasedClaim | 'superseded' | null) => void;
};

const FLUSH_AFTER_MS = 20;
const MAX_PER_FLUSH = 1_000;
const AGAIN_AFTER_MS = 250;

/**
 * Releases together the claims that could not begin: under overload they come by the thousand, and a statement for each
 * would take the connections that records need. One statement is under way at a time. It goes on with those that nobody
 * waits for any more: a claim that stays open would be written off as `unknown`, although nothing was sent.
 */
export function createClaimReleaser({
  pool,
  onFailure,
}: {
  pool: pg.Pool;
  onFailure: (error: unknown, deliveryId: string | null) => void;
}): ClaimReleaser {
  const waiting: Waiting[] = [];
  const pending = new Set<string>();
  let flushing = false;
  let closed = false;

  async function flushAll(): Promise<void> {
    flushing = true;
    while (waiting.length > 0) {
      await sleep(FLUSH_AFTER_MS);
      await flush(waiting.splice(0, MAX_PER_FLUSH));
    }
    flushing = false;
  }

  async function flush(batch: Waiting[]): Promise<void> {
    const released = await releaseAll(batch.map(({ claim }) => claim));
    const found = new Map(released?.map((one) => [`${one.id} ${one.epoch}`, one]));
    for (const { claim, resolve } of batch) {
      pending.delete(claim.id);
      resolve(released === null ? null : (found.get(`${claim.id} ${claim.epoch}`) ?? 'superseded'));
    }
  }

  async function releaseAll(claims: ReleasableClaim[]): Promise<ReleasedClaim[] | null> {
    for (let tries = 1; !closed; tries++) {
      try {
        return await releaseClaims(pool, claims);
      } catch (error) {
        if (tries === 1 || !isOutage(error)) onFailure(error, null);
        if (!isOutage(error)) break;
        await sleep(AGAIN_AFTER_MS);
      }
    }
    return null;
  }

  return {
    release: (claim, giveUpAt) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), Math.max(0, giveUpAt - performance.now()));
        pending.add(claim.id);
        waiting.push({
          claim,
          resolve: (released) => {
            clearTimeout(timer);
            resolve(released);
          },
        });
        if (!flushing) void flushAll();
      }),
    isPending: (deliveryId) => pending.has(deliveryId),
    close() {
      closed = true;
    },
  };
}
