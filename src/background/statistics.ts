import type pg from 'pg';
import type { Queryable } from '../store/postgres/database.ts';
import { type FoldRound, foldPass } from '../store/statistics/fold-pass.ts';
import { measureBacklog } from '../store/statistics/measure-backlog.ts';
import { type Loop, startLoop } from './loops/loop.ts';
import { createLeadership } from './reconciler/leadership.ts';

export type StatisticsDependencies = {
  pool: pg.Pool;
  leaseDb: Queryable;
  processId: string;
  onFailure: (error: unknown) => void;
  paces?: { fold: Pace; backlog: Pace };
};

/** A pass is followed by a pause of `factor` times what it took, at least `minMs` and at most `maxMs` milliseconds. */
export type Pace = { factor: number; minMs: number; maxMs: number };

const PACES: { fold: Pace; backlog: Pace } = {
  // 2 % of a core.
  fold: { factor: 50, minMs: 5_000, maxMs: 60_000 },
  // 1 % of a core. Its cost follows the backlog, which may be large for hours.
  backlog: { factor: 100, minMs: 5_000, maxMs: 600_000 },
};

/** Outcomes in one pass, and as many transactions that have accepted events. */
const MAX_ROWS = 50_000;
const MIN_ROWS = 1_000;
/** The pause after a longer pass would not be long enough. A transaction that writes for longer delays streams of outcomes. */
const LONG_PASS_MS = 500;

/** How many rows the next pass may count, after one of at most `maxRows`; it took for ever if it failed. */
export function rowsOfNextPass(maxRows: number, tookMs: number): number {
  if (tookMs > LONG_PASS_MS) return Math.max(MIN_ROWS, Math.floor(maxRows / 2));
  return tookMs < LONG_PASS_MS / 2 ? Math.min(MAX_ROWS, maxRows * 2) : maxRows;
}

const LEASE_TIMES = { renewIntervalMs: 5_000, leaseDurationMs: 15_000 };

/**
 * Adds up what happens, and counts what is open, for statistics, in one process of all. A process that dies leaves nothing half
 * counted. Another lease than that of the reconciler, which nobody holds while Temporal is away.
 */
export function startStatistics(deps: StatisticsDependencies): Loop {
  const { pool, leaseDb, processId, onFailure, paces = PACES } = deps;
  let round: FoldRound | null = null;
  let maxRows = MAX_ROWS;

  const leadership = createLeadership({
    db: leaseDb,
    name: 'statistics',
    processId,
    canWork: () => true,
    onChange: () => {
      round = null;
    },
    onFailure,
    times: LEASE_TIMES,
  });

  async function fold(): Promise<void> {
    const startedAt = performance.now();
    try {
      round = (await foldPass(pool, round, maxRows))?.round ?? null;
      maxRows = rowsOfNextPass(maxRows, performance.now() - startedAt);
    } catch (error) {
      maxRows = rowsOfNextPass(maxRows, Number.POSITIVE_INFINITY);
      throw error;
    }
  }

  const loops = [
    startPacedLoop(fold, paces.fold, leadership.isLeader, onFailure),
    startPacedLoop(() => measureBacklog(pool), paces.backlog, leadership.isLeader, onFailure),
  ];
  return {
    async close() {
      await Promise.all(loops.map((loop) => loop.close()));
      await leadership.close();
    },
  };
}

/** How often to look whether a pass is due. */
const LOOK_MS = 1_000;

function startPacedLoop(
  work: () => Promise<void>,
  { factor, minMs, maxMs }: Pace,
  mayRun: () => boolean,
  onFailure: (error: unknown) => void,
): Loop {
  let nextAt = 0;
  return startLoop(
    async () => {
      const startedAt = performance.now();
      if (!mayRun() || startedAt < nextAt) return;
      try {
        await work();
      } finally {
        const endedAt = performance.now();
        nextAt = endedAt + Math.min(Math.max((endedAt - startedAt) * factor, minMs), maxMs);
      }
    },
    Math.min(LOOK_MS, minMs),
    onFailure,
  );
}
