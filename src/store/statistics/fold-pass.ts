import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import { foldAccepted } from './fold-accepted.ts';
import { foldRanges, limitRanges, MAX_PROJECTS, projectsToFold, recordCaughtUp } from './fold-outcomes.ts';
import { tryLockStatistics } from './statistics-lock.ts';
import { beginAfterRestore, oldestRunningTransaction, settleUntilMark } from './statistics-state.ts';

/** A way through all projects, which may take several passes. */
export type FoldRound = {
  /** The project after which the next pass begins; '' for the first. */
  after: string;
  /** What older transactions have written is counted by the end of the round. */
  readBelow: string;
  /** Whether all accepted events were counted, too. */
  isComplete: boolean;
};

export type FoldResult = {
  /** What is to be passed to the next pass; null if it begins a new round. */
  round: FoldRound | null;
  /** A project has more outcomes than the pass could count. */
  isBehind: boolean;
};

/**
 * Counts up to `maxRows` outcomes, and the accepted events of as many transactions, in one transaction: it counts each of them once, whatever
 * dies, because how far it has counted is committed with the counts. Returns null, and does nothing, while another process
 * counts.
 */
export function foldPass(
  pool: pg.Pool,
  current: FoldRound | null,
  maxRows: number,
): Promise<FoldResult | null> {
  return inTransaction(pool, async (client) => {
    if (!(await tryLockStatistics(client))) return null;
    const round = (await beginAfterRestore(client)) ? null : current;
    const { after = '', readBelow = await oldestRunningTransaction(client) } = round ?? {};
    const projects = await projectsToFold(client, after);
    const ranges = await limitRanges(client, projects, maxRows);
    await foldRanges(client, ranges);
    const last = projects.length === MAX_PROJECTS ? projects.at(-1)!.projectId : null;
    await recordCaughtUp(client, { after, to: last }, ranges);
    const isComplete = (await foldAccepted(client, maxRows)) && (round?.isComplete ?? true);
    const isBehind = !isComplete || ranges.some(({ isLimited }) => isLimited);
    if (last !== null) return { round: { after: last, readBelow, isComplete }, isBehind: true };
    if (isComplete) await settleUntilMark(client, readBelow);
    return { round: null, isBehind };
  });
}
