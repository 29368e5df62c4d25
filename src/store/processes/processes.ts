import { CLAIM_TOLERANCE_MS } from '../../policy/retry-policy.ts';
import { assignedDeliveries } from '../deliveries/assigned-deliveries.ts';
import type { Queryable } from '../postgres/database.ts';

/** What a process runs; `start` runs both API and worker. */
export type ProcessRole = 'api' | 'worker' | 'start';

/** One run of a Posthorn process. `pid` is its process id on `host`. */
export type ProcessIdentity = { id: string; role: ProcessRole; host: string; pid: number };

/** A process whose heartbeats have stopped without a regular shutdown. */
export type LostProcess = ProcessIdentity & {
  silentForMs: number;
  /** Attempts that it had claimed and not recorded. Each becomes `unknown` and is repeated. */
  interruptedAttempts: number;
};

/** Without a heartbeat for this long a process is silent. Its assignments are then checked, which is harmless if it is alive. */
const SILENT_AFTER = `interval '5 seconds'`;
/** A silent process with an open connection may only be slow or disconnected. It counts as lost after this time. */
const LOST_AFTER = `interval '30 seconds'`;
/** After a longer gap between two heartbeats, heartbeats_continuous_since starts over. */
const MAX_HEARTBEAT_GAP = `interval '3 seconds'`;

// All times are Postgres's. Silence counts only for as long as the observer has sent heartbeats itself. Otherwise all
// processes would seem silent after an outage of Postgres or a jump of its clock.
const observedFor = (silence: string): string =>
  `EXISTS (SELECT FROM processes observer
           WHERE observer.id = $1 AND observer.last_heartbeat_at > clock_timestamp() - ${MAX_HEARTBEAT_GAP}
             AND observer.heartbeats_continuous_since < clock_timestamp() - ${silence})`;

/** SQL: whether a process is silent. A heartbeat in the future counts as silence: Postgres's clock has been set back since. */
const isSilent = (lastHeartbeatAt: string, silence: string): string =>
  `${lastHeartbeatAt} NOT BETWEEN clock_timestamp() - ${silence} AND clock_timestamp() + ${silence}`;

const HEARTBEAT = `
  WITH previous AS (
    SELECT lost_at FROM processes WHERE id = $1
  ), heartbeat AS (
    INSERT INTO processes (id, role, host, pid, attempt_slots, backend_pid)
    VALUES ($1, $2, $3, $4, $5, pg_backend_pid())
    ON CONFLICT (id) DO UPDATE
    SET last_heartbeat_at = clock_timestamp(), backend_pid = pg_backend_pid(), lost_at = NULL,
        heartbeats_continuous_since = CASE WHEN processes.last_heartbeat_at BETWEEN clock_timestamp() - ${MAX_HEARTBEAT_GAP} AND clock_timestamp()
                            THEN processes.heartbeats_continuous_since ELSE clock_timestamp() END
  )
  SELECT EXISTS (SELECT FROM previous WHERE lost_at IS NOT NULL) AS "wasLost",
         EXISTS (SELECT FROM processes
                 WHERE id <> $1 AND lost_at IS NULL AND ${isSilent('last_heartbeat_at', SILENT_AFTER)}) AS "hasSilentPeers"`;

/** A statement that hangs must not delay the next heartbeat, which may use another connection. */
const TIMEOUT_MS = 3_000;

export type HeartbeatResult = {
  /** Another process had marked this one as lost. */
  wasLost: boolean;
  hasSilentPeers: boolean;
};

/** Records a heartbeat. The first one inserts the process, with the number of attempts that it may have in flight. */
export async function recordHeartbeat(
  db: Queryable,
  { id, role, host, pid }: ProcessIdentity,
  attemptSlots = 0,
): Promise<HeartbeatResult> {
  const query = { text: HEARTBEAT, values: [id, role, host, pid, attemptSlots], query_timeout: TIMEOUT_MS };
  const { rows } = await db.query<HeartbeatResult>(query);
  return rows[0]!;
}

// When a process is killed, its kernel closes its connections and their backends end. Without a backend, a process counts as
// lost after 5 s of silence. A process that is suspended, disconnected without a FIN, or behind a pooler keeps its backend,
// and counts as lost after 30 s. Also counts the open claims of each lost process.
const FIND_LOST = `
  WITH lost AS (
    UPDATE processes p SET lost_at = clock_timestamp()
    WHERE p.id <> $1 AND p.lost_at IS NULL
      AND ((${isSilent('p.last_heartbeat_at', SILENT_AFTER)} AND ${observedFor(SILENT_AFTER)}
            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.backend_pid))
        OR (${isSilent('p.last_heartbeat_at', LOST_AFTER)} AND ${observedFor(LOST_AFTER)}))
    RETURNING p.id, p.role, p.host, p.pid, p.last_heartbeat_at
  ), interrupted AS (
    SELECT process_id, count(*) AS n
    FROM (${assignedDeliveries('d.process_id, d.claimed_at', `< now() + interval '${CLAIM_TOLERANCE_MS} milliseconds'`)}) AS assigned
    WHERE claimed_at IS NOT NULL AND process_id IN (SELECT id FROM lost)
    GROUP BY process_id
  )
  SELECT lost.id, lost.role, lost.host, lost.pid, coalesce(interrupted.n, 0)::int AS "interruptedAttempts",
         (extract(epoch FROM clock_timestamp() - lost.last_heartbeat_at) * 1000)::float8 AS "silentForMs"
  FROM lost LEFT JOIN interrupted ON interrupted.process_id = lost.id`;

/** Lost processes stay visible for a day, to help investigate a crash. */
const REMOVE_OLD_LOST = `DELETE FROM processes WHERE lost_at < clock_timestamp() - interval '1 day'`;

/** Marks the processes that `observerId` finds to be lost, and returns them. Each one is returned to only one caller, once. */
export async function findLostProcesses(db: Queryable, observerId: string): Promise<LostProcess[]> {
  const findLost = { text: FIND_LOST, values: [observerId], query_timeout: TIMEOUT_MS };
  const { rows } = await db.query<LostProcess>(findLost);
  const removeOld = { text: REMOVE_OLD_LOST, query_timeout: TIMEOUT_MS };
  if (rows.length > 0) await db.query(removeOld);
  return rows;
}

/** SQL: whether the process with this id is lost or has stopped. A process that has stopped has no row. */
export const isProcessLost = (id: string): string =>
  `NOT EXISTS (SELECT FROM processes p WHERE p.id = ${id} AND p.lost_at IS NULL)`;

/** SQL: since when the process with this id has sent heartbeats without a gap of 3 s. */
export const heartbeatsContinuousSince = (id: string): string =>
  `(SELECT p.heartbeats_continuous_since FROM processes p WHERE p.id = ${id})`;

const SILENT_PROCESSES = `
  SELECT id FROM processes
  WHERE id <> $1 AND ${isSilent('last_heartbeat_at', SILENT_AFTER)} AND last_heartbeat_at > clock_timestamp() - interval '10 minutes'
    AND ${observedFor(SILENT_AFTER)}`;

/** Returns the processes that have been silent for 5 s and were alive within the last 10 minutes. They may be lost or only slow. */
export async function silentProcesses(db: Queryable, observerId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(SILENT_PROCESSES, [observerId]);
  return rows.map(({ id }) => id);
}

/** Removes a process that stops and has no attempts in flight. */
export async function removeProcess(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM processes WHERE id = $1', [id]);
}
