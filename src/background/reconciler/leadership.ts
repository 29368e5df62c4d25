import type { Queryable } from '../../store/postgres/database.ts';
import { acquireLease, type LeaseName, releaseLease } from '../../store/processes/leases.ts';
import { startLoop } from '../loops/loop.ts';

/** One of all processes leads, by a lease in Postgres. This only saves work: two leaders at once would do no harm. */
export type Leadership = {
  /** False as soon as the lease expires, even if this process was paused and could not notice. */
  isLeader(): boolean;
  /** Gives up the lease, so that another process can take it at once. */
  close(): Promise<void>;
};

export type LeadershipDependencies = {
  db: Queryable;
  name: LeaseName;
  processId: string;
  /** While this returns false, the process gives up the lease and does not acquire it. */
  canWork: () => boolean;
  onChange: (leads: boolean) => void;
  onFailure: (error: unknown) => void;
  times: LeaseTimes;
};

/** Both in milliseconds. */
export type LeaseTimes = { renewIntervalMs: number; leaseDurationMs: number };

export function createLeadership(deps: LeadershipDependencies): Leadership {
  const { db, name, processId, canWork, onChange, onFailure, times } = deps;
  /** The time of performance.now() until which the lease is certainly held; 0 if it is not. */
  let heldUntil = 0;

  const isLeader = (): boolean => performance.now() < heldUntil;

  async function renewOrGiveUp(): Promise<void> {
    try {
      if (canWork()) {
        // Measured before the query is sent, so the lease in Postgres never ends before this process thinks so.
        const sentAt = performance.now();
        const isAcquired = await acquireLease(db, name, processId, times.leaseDurationMs);
        setHeldUntil(isAcquired ? sentAt + times.leaseDurationMs : 0);
      } else if (heldUntil > 0) await giveUp();
    } finally {
      if (!isLeader()) setHeldUntil(0);
    }
  }

  /** If the release fails, the lease expires. */
  async function giveUp(): Promise<void> {
    setHeldUntil(0); // first, because another process may lead as soon as the lease is free
    await releaseLease(db, name, processId);
  }

  function setHeldUntil(until: number): void {
    const wasHeld = heldUntil > 0;
    heldUntil = until;
    if (wasHeld !== until > 0) onChange(!wasHeld);
  }

  const loop = startLoop(renewOrGiveUp, times.renewIntervalMs, onFailure);

  return {
    isLeader,
    async close() {
      await loop.close();
      if (heldUntil > 0) await giveUp().catch(onFailure);
    },
  };
}
