import { CLAIM_TOLERANCE_MS } from '../../policy/retry-policy.ts';
import type { Queryable } from '../postgres/database.ts';

/** What a process runs; `start` is API and worker in one. */
export type ProcessRole = 'api' | 'worker' | 'start';

/** One run of Posthorn, as the others see it. `pid` is the one that its host knows it by. */
export type ProcessIdentity = { id: string; role: ProcessRole; host: string; pid: number };

/** A process whose heartbeats have stopped although it never said that it stops. */
export type LostProcess = ProcessIdentity & {
  silentForMs: number;
  /** Attempts that it had claimed and not recorded: each becomes `unknown`, and is made again. */
  interruptedAttempts: number;
};

/** Without a heartbeat for this long a process is silent: what it had assigned is looked at, which harms nothing. */
const SILENT_AFTER = `interval '5 seconds'`;
/** A silent process whose connection is still open may only be slow, or cut off: it is waited for. */
const LOST_AFTER = `interval '30 seconds'`;
/** Between two heartbeats at most, or the sequence begins anew. */
const MAX_HEARTBEAT_GAP = `interval '3 seconds'`;

// All times are Postgres's. Silence counts only as far as whoever notices it has had heartbeats itself: after an
// outage of Postgres, or a jump of its clock, everybody seems silent until all have come back.
const observedFor = (silence: string): string =>
  `EXISTS (SELECT FROM processes observer
           WHERE observer.id = $1 AND observer.last_heartbeat_at > clock_timestamp() - ${MAX_HEARTBEAT_GAP}
             AND observer.heartbeats_continuous_since < clock_timestamp() - ${silence})`;

/** Also when its last heartbeat lies ahead: Postgres's clock was put back since then. */
const isSilent = (seenAt: string, silence: string): string =>
  `${seenAt} NOT BETWEEN clock_timestamp() - ${silence} AND clock_timestamp() + ${silence}`;

const HEARTBEAT = `
  WITH before AS (
    SELECT lost_at FROM processes WHERE id = $1
  ), beat AS (
    INSERT INTO processes (id, role, host, pid, attempt_slots, backend_pid)
    VALUES ($1, $2, $3, $4, $5, pg_backend_pid())
    ON CONFLICT (id) DO UPDATE
    SET last_heartbeat_at = clock_timestamp(), backend_pid = pg_backend_pid(), lost_at = NULL,
        heartbeats_continuous_since = CASE WHEN processes.last_heartbeat_at BETWEEN clock_timestamp() - ${MAX_HEARTBEAT_GAP} AND clock_timestamp()
                            THEN processes.heartbeats_continuous_since ELSE clock_timestamp() END
  )
  SELECT EXISTS (SELECT FROM before WHERE lost_at IS NOT NULL) AS "wasLost",
         EXISTS (SELECT FROM processes
                 WHERE id <> $1 AND lost_at IS NULL AND ${isSilent('last_heartbeat_at', SILENT_AFTER)}) AS "hasSilentPeers"`;

/** A heartbeat that hangs, or a look between two, must not keep the next one from being sent on another connection. */
const TIMEOUT_MS = 3_000;

export type HeartbeatResult = {
  /** It had been taken for gone meanwhile. */
  wasLost: boolean;
  hasSilentPeers: boolean;
};

/** Writes that the process is alive; its first heartbeat makes its row, with the attempts that it may have under way. */
export async function recordHeartbeat(
  db: Queryable,
  { id, role, host, pid }: ProcessIdentity,
  attemptSlots = 0,
): Promise<HeartbeatResult> {
  const query = { text: HEARTBEAT, values: [id, role, host, pid, attemptSlots], query_timeout: TIMEOUT_MS };
  const { rows } = await db.query<HeartbeatResult>(query);
  return rows[0]!;
}

// A process that is killed has its connections closed by its kernel, and its server process ends: that and 5 s of
// silence mean that it is gone. One that is stopped, or cut off without a FIN, or that comes through a pooler, keeps it.
// What it had claimed is counted with it, along the index of what is owned and due.
const FIND_LOST = `
  WITH gone AS (
    UPDATE processes p SET lost_at = clock_timestamp()
    WHERE p.id <> $1 AND p.lost_at IS NULL
      AND ((${isSilent('p.last_heartbeat_at', SILENT_AFTER)} AND ${observedFor(SILENT_AFTER)}
            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.backend_pid))
        OR (${isSilent('p.last_heartbeat_at', LOST_AFTER)} AND ${observedFor(LOST_AFTER)}))
    RETURNING p.id, p.role, p.host, p.pid, p.last_heartbeat_at
  ), cut AS (
    SELECT process_id, count(*) AS n FROM deliveries
    WHERE owner IS NOT NULL AND due_at < now() + interval '${CLAIM_TOLERANCE_MS} milliseconds' AND claimed_at IS NOT NULL
      AND process_id IN (SELECT id FROM gone)
    GROUP BY process_id
  )
  SELECT gone.id, gone.role, gone.host, gone.pid, coalesce(cut.n, 0)::int AS "interruptedAttempts",
         (extract(epoch FROM clock_timestamp() - gone.last_heartbeat_at) * 1000)::float8 AS "silentForMs"
  FROM gone LEFT JOIN cut ON cut.process_id = gone.id`;

/** Kept this long for whoever looks for a crash. */
const REMOVE_OLD_LOST = `DELETE FROM processes WHERE lost_at < clock_timestamp() - interval '1 day'`;

/** Marks the processes that are gone as far as `observerId` can tell. Each is found by one caller, once. */
export async function findLostProcesses(db: Queryable, observerId: string): Promise<LostProcess[]> {
  const find = { text: FIND_LOST, values: [observerId], query_timeout: TIMEOUT_MS };
  const { rows } = await db.query<LostProcess>(find);
  const forget = { text: REMOVE_OLD_LOST, query_timeout: TIMEOUT_MS };
  if (rows.length > 0) await db.query(forget);
  return rows;
}

/** SQL: whether the process of that id is known to be gone. One that has no row has stopped, or never was. */
export const isProcessLost = (id: string): string =>
  `NOT EXISTS (SELECT FROM processes p WHERE p.id = ${id} AND p.lost_at IS NULL)`;

const SILENT_PROCESSES = `
  SELECT id FROM processes
  WHERE id <> $1 AND ${isSilent('last_heartbeat_at', SILENT_AFTER)} AND last_heartbeat_at > clock_timestamp() - interval '10 minutes'
    AND ${observedFor(SILENT_AFTER)}`;

/** Those of which nothing was heard for 5 s, and that were alive some minutes ago: gone, or only slow. */
export async function silentProcesses(db: Queryable, observerId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(SILENT_PROCESSES, [observerId]);
  return rows.map(({ id }) => id);
}

/** A process that has finished what it had in hand, and stops. */
export async function removeProcess(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM processes WHERE id = $1', [id]);
}
