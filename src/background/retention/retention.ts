import type pg from 'pg';
import { type AuditShares, removeOldAuditEntries } from '../../store/audit/audit-retention.ts';
import { removeOldErasures } from '../../store/erasures/erasures.ts';
import { projectsWithPayloadRetention, removePayloads } from '../../store/events/payload-retention.ts';
import {
  type EventPosition,
  projectsWithOldEvents,
  removeOutcomes,
  removeSettledEvents,
  timeBefore,
} from '../../store/events/retention.ts';
import { deleteExpiredListeners } from '../../store/listeners/connections.ts';
import { removeOldRequests } from '../../store/listeners/listener-requests.ts';
import { removeOperationalEvents } from '../../store/outcomes/operational-events.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { removeOldIdempotencyKeys } from '../../store/projects/create-once.ts';
import { removeOldFailures } from '../../store/receivers/failures/failures.ts';
import { unmarkSlowBefore } from '../../store/receivers/gates/slow-receivers.ts';
import { removeOldJobs } from '../../store/recoveries/bulk-jobs.ts';
import { removeExpiredSessions } from '../../store/sessions/session-retention.ts';
import { SPANS } from '../../store/statistics/spans.ts';
import { removeStatistics } from '../../store/statistics/statistics-retention.ts';
import type { Loop } from '../loops/loop.ts';
import { type PassLoop, startPassLoop } from '../loops/pass-loop.ts';
import { createRunEach } from '../loops/run-each.ts';
import { createLeadership } from '../reconciler/leadership.ts';
import { createAuditCount } from './audit-count.ts';
import { inRotation, type RemoveBatch, takeTurns } from './batches.ts';

const INTERVAL_MS = 60_000;
/** A round ends after this time, so that the next one finds what has become old meanwhile. */
const ROUND_MS = 60_000;
const LEASE_TIMES = { renewIntervalMs: 5_000, leaseDurationMs: 15_000 };
/** A batch takes less than a second. One statement fails after 30 s. */
const LEAD_TIMES = { stuckAfterMs: 120_000, stepDownMs: 10_000 };

export type RetentionDependencies = {
  pool: pg.Pool;
  /** For the lease: a connection that no long work occupies. */
  leaseDb: Queryable;
  processId: string;
  ageMs: number;
  /** How long entries of the audit trail are kept, and how many of them. */
  audit: { ageMs: number; shares: AuditShares };
  /** How long figures of whole days are kept. */
  statisticsAgeMs: number;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
};

/**
 * Once a minute, in one process of all, removes what is too old, or too much, in small batches: events, outcomes, operational
 * events, marks of slow receivers, expired listeners, audit entries, idempotency keys, jobs, figures, sessions with their
 * codes and links. The kinds take turns. One that fails does not keep the others from running.
 */
export function createRetention(deps: RetentionDependencies): Loop {
  const { pool, leaseDb, processId, ageMs, audit, statisticsAgeMs, onFailure } = deps;
  const runEach = createRunEach(onFailure);
  const removeExcessAuditEntries = createAuditCount(pool, audit.shares);
  let closed = false;
  /** The project whose events were removed last. */
  let lastProject = '';
  let passes: PassLoop | null = null;

  const leadership = createLeadership({
    db: leaseDb,
    name: 'retention',
    processId,
    canWork: () => passes === null || passes.canWork(),
    onChange: () => {},
    onFailure,
    times: LEASE_TIMES,
  });
  const mayRun = (): boolean => !closed && leadership.isLeader();

  /** A first round rests half of the time. If that was not enough, the following rounds do not rest until nothing is left. */
  async function pass(recordProgress: () => void): Promise<void> {
    for (let pauseFactor = 1, isDone = false; !isDone && mayRun(); pauseFactor = 0) {
      const until = performance.now() + ROUND_MS;
      isDone = await takeTurns(await kindsOfRound(), { mayRun, until, pauseFactor, onBatch: recordProgress });
    }
  }

  async function kindsOfRound(): Promise<RemoveBatch[]> {
    const before = await timeBefore(pool, ageMs);
    const auditBefore = await timeBefore(pool, audit.ageMs);
    const old = [
      ...[removeOperationalEvents, removeOldFailures, unmarkSlowBefore, removeOldIdempotencyKeys],
      ...[removeOldErasures, removeOldJobs, removeExpiredSessions],
    ];
    return [
      await oldEvents(before),
      named('outcomes', oldOutcomes(before)),
      await oldPayloads(),
      ...old.map((remove) => named(remove, async () => (await remove(pool, before)) > 0)),
      ...[deleteExpiredListeners, removeOldRequests].map((remove) =>
        named(remove, async () => (await remove(pool)) > 0),
      ),
      named('audit', async () => (await removeOldAuditEntries(pool, auditBefore)) > 0),
      named('audit shares', removeExcessAuditEntries),
      ...SPANS.map((span) =>
        named(span, async () => (await removeStatistics(pool, span, statisticsAgeMs)) > 0),
      ),
    ];
  }

  /** What fails has no more turns in this round. */
  async function runOrSkip(key: unknown, removeBatch: RemoveBatch): Promise<boolean> {
    let hasMore = false;
    await runEach(key, async () => {
      hasMore = await removeBatch();
    });
    return hasMore;
  }

  const named =
    (kind: unknown, removeBatch: RemoveBatch): RemoveBatch =>
    () =>
      runOrSkip(kind, removeBatch);

  async function oldEvents(before: Date): Promise<RemoveBatch> {
    const positions = new Map<string, EventPosition>();
    return inRotation(await projectsWithOldEvents(pool, before, lastProject), (project) =>
      runOrSkip(`events of ${project}`, async () => {
        lastProject = project;
        const { next } = await removeSettledEvents(pool, project, before, positions.get(project));
        if (next) positions.set(project, next);
        return next !== null;
      }),
    );
  }

  function oldOutcomes(before: Date): RemoveBatch {
    let position: string | null = '0';
    return async () => {
      ({ next: position } = await removeOutcomes(pool, before, position ?? '0'));
      return position !== null;
    };
  }

  async function oldPayloads(): Promise<RemoveBatch> {
    const positions = new Map<string, EventPosition>();
    return inRotation(await projectsWithPayloadRetention(pool), (project) =>
      runOrSkip(`payloads of ${project}`, async () => {
        const next = await removePayloads(pool, project, positions.get(project));
        if (next) positions.set(project, next);
        return next !== null;
      }),
    );
  }

  passes = startPassLoop(pass, deps.intervalMs ?? INTERVAL_MS, { mayRun, onFailure, times: LEAD_TIMES });

  return {
    async close() {
      closed = true;
      await passes?.close();
      await leadership.close();
    },
  };
}
