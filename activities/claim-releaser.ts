import type pg from 'pg';
import { type ReleasableClaim, type ReleasedClaim, releaseClaims } from '../src/store/release-claims.ts';
import { keepTrying } from './keep-trying.ts';

export type ClaimReleaser = {
  /**
   * Resolves with what became of the claim; `superseded`: it was written off by then, or an earlier release of
   * which the answer was lost closed it; null: Postgres stayed away until `giveUpAt` (performance.now()).
   */
  release(claim: ReleasableClaim, giveUpAt: number): Promise<ReleasedClaim | 'superseded' | null>;
};

type Waiting = {
  claim: ReleasableClaim;
  giveUpAt: number;
  resolve: (released: ReleasedClaim | 'superseded' | null) => void;
};

const FLUSH_AFTER_MS = 20;
const MOST_IN_FLUSH = 1_000;

/**
 * Releases together the claims that could not begin: under overload they come by the thousand, and a statement for each
 * would take the connections that records need. One statement is under way at a time.
 */
export function createClaimReleaser({
  pool,
  onFailure,
}: {
  pool: pg.Pool;
  onFailure: (error: unknown, deliveryId: string | null) => void;
}): ClaimReleaser {
  const waiting: Waiting[] = [];
  let flushing = false;

  async function flushAll(): Promise<void> {
    flushing = true;
    while (waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, FLUSH_AFTER_MS));
      await flush(waiting.splice(0, MOST_IN_FLUSH));
    }
    flushing = false;
  }

  async function flush(batch: Waiting[]): Promise<void> {
    // Whoever waits longest decides: an earlier one is answered by its own timer below.
    const giveUpAt = Math.max(...batch.map((one) => one.giveUpAt));
    const released = await keepTrying(
      () =>
        releaseClaims(
          pool,
          batch.map(({ claim }) => claim),
        ),
      giveUpAt,
      (error) => onFailure(error, null),
    );
    const found = new Map(released?.map((one) => [`${one.id} ${one.epoch}`, one]));
    for (const { claim, resolve } of batch) {
      resolve(released === null ? null : (found.get(`${claim.id} ${claim.epoch}`) ?? 'superseded'));
    }
  }

  return {
    release: (claim, giveUpAt) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), Math.max(0, giveUpAt - performance.now()));
        waiting.push({
          claim,
          giveUpAt,
          resolve: (released) => {
            clearTimeout(timer);
            resolve(released);
          },
        });
        if (!flushing) void flushAll();
      }),
  };
}
