import type pg from 'pg';
import {
  type AuditShares,
  removeExcessAuditEntries,
  removeOldAuditEntries,
} from '../store/audit/audit-retention.ts';
import { removeOldErasures } from '../store/erasures/erasures.ts';
import { projectsWithPayloadRetention, removePayloads } from '../store/events/payload-retention.ts';
import { removeOutcomes, removeSettledEvents, timeBefore } from '../store/events/retention.ts';
import { deleteExpiredListeners } from '../store/listeners/connections.ts';
import { removeOldRequests } from '../store/listeners/listener-requests.ts';
import { removeOperationalEvents } from '../store/outcomes/operational-events.ts';
import { removeOldIdempotencyKeys } from '../store/projects/create-once.ts';
import { removeOldFailures } from '../store/receivers/failures/failures.ts';
import { unmarkSlowBefore } from '../store/receivers/gates/slow-receivers.ts';
import { removeOldJobs } from '../store/recoveries/bulk-jobs.ts';
import { removeExpiredSessions } from '../store/sessions/session-retention.ts';
import { SPANS } from '../store/statistics/spans.ts';
import { removeStatistics } from '../store/statistics/statistics-retention.ts';
import { type Loop, startLoop } from './loops/loop.ts';
import { createRunEach } from './loops/run-each.ts';

const INTERVAL_MS = 60_000;
/** Counting the entries of a project reads all that are kept, so it is done less often. */
const SWEEPS_PER_AUDIT_COUNT = 60;

export type RetentionDependencies = {
  pool: pg.Pool;
  ageMs: number;
  /** How long entries of the audit trail are kept, and how many of them. */
  audit: { ageMs: number; shares: AuditShares };
  /** How long figures of whole days are kept. */
  statisticsAgeMs: number;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
};

type Step = () => Promise<void>;

/**
 * Once a minute, removes what is too old, or too much, in small batches: events, outcomes, operational events,
 * marks of slow receivers, expired listeners, audit entries, idempotency keys, jobs, figures, sessions with
 * their codes and links. A step that fails does not keep the others from running.
 */
export function createRetention({
  pool,
  ageMs,
  audit,
  statisticsAgeMs,
  onFailure,
  intervalMs = INTERVAL_MS,
}: RetentionDependencies): Loop {
  let closed = false;
  let sweeps = 0;
  const runEach = createRunEach(onFailure);
  const steps: Step[] = [
    ...[
      removeSettledEvents,
      removeOutcomes,
      removeOperationalEvents,
      removeOldFailures,
      unmarkSlowBefore,
    ].map(sweepOld),
    ...[removeOldIdempotencyKeys, removeOldErasures, removeOldJobs, removeExpiredSessions].map(sweepOld),
    sweepPayloads,
    ...[deleteExpiredListeners, removeOldRequests].map(sweepAll),
    sweepAudit,
    sweepStatistics,
  ];

  async function sweep(): Promise<void> {
    for (const step of steps) if (!closed) await runEach(step, step);
  }

  function sweepOld(remove: (pool: pg.Pool, before: Date) => Promise<number>): Step {
    return async () => {
      const before = await timeBefore(pool, ageMs);
      while (!closed && (await remove(pool, before)) > 0);
    };
  }

  function sweepAll(remove: (pool: pg.Pool) => Promise<number>): Step {
    return async () => {
      while (!closed && (await remove(pool)) > 0);
    };
  }

  async function sweepStatistics(): Promise<void> {
    for (const span of SPANS) while (!closed && (await removeStatistics(pool, span, statisticsAgeMs)) > 0);
  }

  /** Projects take turns, so that one with many events does not delay the others. */
  async function sweepPayloads(): Promise<void> {
    let projects = await projectsWithPayloadRetention(pool);
    while (!closed && projects.length > 0) {
      const withMore: string[] = [];
      for (const project of projects) if (await removePayloads(pool, project)) withMore.push(project);
      projects = withMore;
    }
  }

  async function sweepAudit(): Promise<void> {
    const before = await timeBefore(pool, audit.ageMs);
    while (!closed && (await removeOldAuditEntries(pool, before)) > 0);
    if (sweeps++ % SWEEPS_PER_AUDIT_COUNT !== 0) return;
    for (let project: string | null = ''; project !== null && !closed; )
      project = await removeExcessAuditEntries(pool, project, audit.shares);
  }

  const loop = startLoop(sweep, intervalMs, onFailure);

  return {
    close() {
      closed = true;
      return loop.close();
    },
  };
}
