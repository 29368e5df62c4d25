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
  /** The id of this process, for its lifetime. */
  id: string;
  /** The same id. Throws until the first heartbeat is written: a process without a row counts as lost. */
  idOrThrow(): string;
  /** The same id; null while no heartbeat was written for 3 s, because other processes may count this one as lost. */
  idOrNull(): string | null;
  /** Removes the row. Call it when no work is left. */
  close(): Promise<void>;
};

export type HeartbeatDependencies = {
  db: Queryable;
  role: ProcessRole;
  /** Attempts that this process may have in flight; 0 without a worker. */
  attemptSlots?: number;
  /** Called, in one of all processes, for each process that ended without stopping properly. */
  onProcessLost: (process: LostProcess) => void;
  /** Called when other processes had counted this one as lost, although it was only slow or disconnected. */
  onRejoined: () => void;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
};

const INTERVAL_MS = 1_000;
/** Others count a process as silent after 5 s. */
const RECENT_MS = 3_000;

/** Shows other processes that this one is alive, and detects those that are lost. */
export function createHeartbeats(deps: HeartbeatDependencies): Heartbeats {
  const { db, role, attemptSlots, onProcessLost, onRejoined, onFailure, intervalMs = INTERVAL_MS } = deps;
  const identity = { id: localClockId('prc'), role, host: hostname(), pid: process.pid };
  let isRegistered = false;
  let lastWrittenAt = Number.NEGATIVE_INFINITY;
  let hasFailed = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> = Promise.resolve();

  async function sendHeartbeat(): Promise<void> {
    const { wasLost, hasSilentPeers } = await recordHeartbeat(db, identity, attemptSlots);
    isRegistered = true;
    lastWrittenAt = performance.now();
    if (wasLost) onRejoined();
    if (!hasSilentPeers || closed) return;
    for (const lost of await findLostProcesses(db, identity.id)) onProcessLost(lost);
  }

  const loop = (): void => {
    const startedAt = performance.now();
    beating = sendHeartbeat()
      .then(
        () => {
          hasFailed = false;
        },
        (error: unknown) => {
          // Reported once per outage: this runs every second.
          if (!hasFailed) onFailure(error);
          hasFailed = true;
        },
      )
      .finally(() => {
        if (!closed) timer = setTimeout(loop, Math.max(0, startedAt + intervalMs - performance.now()));
      });
  };
  loop();

  return {
    id: identity.id,
    idOrNull: () => (performance.now() - lastWrittenAt < RECENT_MS ? identity.id : null),
    idOrThrow() {
      if (!isRegistered) throw new Error('the first heartbeat of this process has not been written yet');
      return identity.id;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await beating;
      // If this fails, other processes notice the missing heartbeats.
      await removeProcess(db, identity.id).catch(onFailure);
    },
  };
}
