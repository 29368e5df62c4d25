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
   * Resolves with the released claim; with `superseded` if the claim was closed before, for example by an earlier release
   * whose confirmation was lost; or with null if it could not be released by `giveUpAt` (performance.now()).
   */
  release(claim: ReleasableClaim, giveUpAt: number): Promise<ReleasedClaim | 'superseded' | null>;
  /** Whether a release is still to be written: the claim is open, and nothing was sent for it. */
  isPending(deliveryId: string): boolean;
  /** Stops retrying. */
  close(): void;
};

type PendingRelease = {
  claim: ReleasableClaim;
  resolve: (released: ReleasedClaim | 'superseded' | null) => void;
};

const FLUSH_AFTER_MS = 20;
const MAX_PER_FLUSH = 1_000;
const RETRY_DELAY_MS = 250;

/**
 * Releases claims whose attempts could not start, many in one statement: under overload there are thousands, and a
 * statement for each would take the connections that the recorder needs. It keeps trying after the caller has given up:
 * a claim left open would be recorded as `unknown`, although nothing was sent.
 */
export function createClaimReleaser({
  pool,
  onFailure,
}: {
  pool: pg.Pool;
  onFailure: (error: unknown, deliveryId: string | null) => void;
}): ClaimReleaser {
  const waiting: PendingRelease[] = [];
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

  async function flush(batch: PendingRelease[]): Promise<void> {
    const released = await releaseAll(batch.map(({ claim }) => claim));
    const found = new Map(released?.map((release) => [`${release.id} ${release.epoch}`, release]));
    for (const { claim, resolve } of batch) {
      pending.delete(claim.id);
      resolve(released === null ? null : (found.get(`${claim.id} ${claim.epoch}`) ?? 'superseded'));
    }
  }

  async function releaseAll(claims: ReleasableClaim[]): Promise<ReleasedClaim[] | null> {
    for (let attempt = 1; !closed; attempt++) {
      try {
        return await releaseClaims(pool, claims);
      } catch (error) {
        if (attempt === 1 || !isOutage(error)) onFailure(error, null);
        if (!isOutage(error)) break;
        await sleep(RETRY_DELAY_MS);
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
