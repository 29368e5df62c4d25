import type { Queryable } from '../../store/postgres/database.ts';
import { acquireLease, type LeaseName, releaseLease } from '../../store/processes/leases.ts';

/** Of all processes one leads, by a lease in Postgres: an optimisation, the compare-and-set is the safety. */
export type Leadership = {
  /** Becomes false by itself when the lease is not renewed in time, however long this process was stopped. */
  isLeader(): boolean;
  /** Lets another one take the lease at once. */
  close(): Promise<void>;
};

export type LeadershipDependencies = {
  db: Queryable;
  name: LeaseName;
  processId: string;
  /** False while this process could not do the work: it gives the lease up, and does not take it. */
  canWork: () => boolean;
  onChange: (leads: boolean) => void;
  onFailure: (error: unknown) => void;
  times: LeaseTimes;
};

/** Both in milliseconds. */
export type LeaseTimes = { renewIntervalMs: number; leaseDurationMs: number };

export function createLeadership(deps: LeadershipDependencies): Leadership {
  const { db, name, processId, canWork, onChange, onFailure, times } = deps;
  /** performance.now() until which the lease is certainly ours; 0: it is not. */
  let heldUntil = 0;
  let hasFailed = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const isLeader = (): boolean => performance.now() < heldUntil;

  async function renewOrGiveUp(): Promise<void> {
    if (canWork()) {
      // From before it is sent: in Postgres it lasts a little longer, never shorter.
      const sentAt = performance.now();
      const isOurs = await acquireLease(db, name, processId, times.leaseDurationMs);
      changeTo(isOurs ? sentAt + times.leaseDurationMs : 0);
    } else if (heldUntil > 0) await giveUp();
    hasFailed = false;
  }

  /** If this fails, the lease runs out. */
  async function giveUp(): Promise<void> {
    changeTo(0); // first: as soon as it is free, another may lead
    await releaseLease(db, name, processId);
  }

  function changeTo(until: number): void {
    const wasHeld = heldUntil > 0;
    heldUntil = until;
    if (wasHeld !== until > 0) onChange(!wasHeld);
  }

  let renewing: Promise<void> = Promise.resolve();
  const loop = (): void => {
    renewing = renewOrGiveUp()
      .catch((error: unknown) => {
        if (!isLeader()) changeTo(0);
        // Once for each outage: this runs every second.
        if (!hasFailed) onFailure(error);
        hasFailed = true;
      })
      .finally(() => {
        if (!closed) timer = setTimeout(loop, times.renewIntervalMs);
      });
  };
  loop();

  return {
    isLeader,
    async close() {
      closed = true;
      clearTimeout(timer);
      await renewing;
      if (heldUntil > 0) await giveUp().catch(onFailure);
    },
  };
}
