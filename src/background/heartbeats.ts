import { hostname } from 'node:os';
import type { Queryable } from '../store/postgres/database.ts';
import { localClockId } from '../store/postgres/ids.ts';
import {
  findLostProcesses,
  type LostProcess,
  type ProcessRole,
  recordHeartbeat,
  removeProcess,
} from '../store/processes/processes.ts';
import { startLoop } from './loops/loop.ts';

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
  let lastWrittenAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  async function sendHeartbeat(): Promise<void> {
    const { wasLost, hasSilentPeers } = await recordHeartbeat(db, identity, attemptSlots);
    lastWrittenAt = performance.now();
    if (wasLost) onRejoined();
    if (!hasSilentPeers || closed) return;
    for (const lost of await findLostProcesses(db, identity.id)) onProcessLost(lost);
  }

  const loop = startLoop(sendHeartbeat, intervalMs, onFailure);

  return {
    id: identity.id,
    idOrNull: () => (performance.now() - lastWrittenAt < RECENT_MS ? identity.id : null),
    idOrThrow() {
      if (lastWrittenAt === Number.NEGATIVE_INFINITY)
        throw new Error('the first heartbeat of this process has not been written yet');
      return identity.id;
    },
    async close() {
      closed = true;
      await loop.close();
      // If this fails, other processes notice the missing heartbeats.
      await removeProcess(db, identity.id).catch(onFailure);
    },
  };
}
