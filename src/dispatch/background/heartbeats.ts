import { hostname } from 'node:os';
import type { Queryable } from '../../store/postgres/database.ts';
import { localClockId } from '../../store/postgres/ids.ts';
import {
  findLostProcesses,
  type LostProcess,
  type ProcessRole,
  recordHeartbeat,
  removeProcess,
} from '../../store/processes/processes.ts';

export type Heartbeats = {
  /** Of this process, for its lifetime. */
  id: string;
  /** The same; throws until the first heartbeat is written, since what has no row counts as gone. */
  idOrThrow(): string;
  /** Removes the row: for when nothing is in hand any more. */
  close(): Promise<void>;
};

export type HeartbeatDependencies = {
  db: Queryable;
  role: ProcessRole;
  /** Attempts that this process may have under way; 0 without a worker. */
  attemptSlots?: number;
  /** Told once by all processes together of each one that has gone without stopping. */
  onProcessLost: (process: LostProcess) => void;
  /** Others took this process for gone, although it was only slow or cut off. */
  onRejoined: () => void;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
};

const EVERY_MS = 1_000;

/** Shows the other processes that this one lives, and notices which of them do not any more. */
export function createHeartbeats(deps: HeartbeatDependencies): Heartbeats {
  const { db, role, attemptSlots, onProcessLost, onRejoined, onFailure, intervalMs = EVERY_MS } = deps;
  const identity = { id: localClockId('prc'), role, host: hostname(), pid: process.pid };
  let isKnown = false;
  let hasFailed = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    const { wasLost, hasSilentPeers } = await recordHeartbeat(db, identity, attemptSlots);
    isKnown = true;
    if (wasLost) onRejoined();
    if (!hasSilentPeers || closed) return;
    for (const gone of await findLostProcesses(db, identity.id)) onProcessLost(gone);
  }

  const loop = (): void => {
    const began = performance.now();
    beating = once()
      .then(
        () => {
          hasFailed = false;
        },
        (error: unknown) => {
          // Once for each outage: this runs every second.
          if (!hasFailed) onFailure(error);
          hasFailed = true;
        },
      )
      .finally(() => {
        if (!closed) timer = setTimeout(loop, Math.max(0, began + intervalMs - performance.now()));
      });
  };
  loop();

  return {
    id: identity.id,
    idOrThrow() {
      if (!isKnown) throw new Error('the first heartbeat of this process is not written yet');
      return identity.id;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await beating;
      // If this fails, the others find out by the silence.
      await removeProcess(db, identity.id).catch(onFailure);
    },
  };
}
