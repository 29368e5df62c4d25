import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { WorkflowLinks } from '../api/ports.ts';
import type { TemporalGateway } from './gateway.ts';

/** API clients wait no longer than this for Temporal. Without a response, the link leads to the latest run. */
const DESCRIBE_TIMEOUT_MS = 300;
/** The run of a workflow id never changes, but a link may be served this long after retention has deleted the run. */
const CACHE_TTL_MS = 30_000;
/** A missing workflow may be about to start: its id is in Postgres some milliseconds before Temporal knows it. */
const MISSING_CACHE_TTL_MS = 500;
const MAX_CACHED_RUNS = 2_000;

export type CachedWorkflowLinks = WorkflowLinks & {
  /** Caches the run that this process has just started, so that its link needs no call to Temporal. */
  rememberRun(workflowId: string, runId: string): void;
};

/**
 * Returns links into the Temporal Web UI. They are null without `uiUrl`, and for workflows that Temporal does not have.
 */
export function createWorkflowLinks(
  uiUrl: string | undefined,
  namespace: string,
  gateway: () => TemporalGateway | null,
): CachedWorkflowLinks {
  const runs = new LRUCache<string, { runId: string | null }>({ max: MAX_CACHED_RUNS, ttl: CACHE_TTL_MS });

  /** Undefined when Temporal did not respond in time. */
  async function runOf(workflowId: string): Promise<string | null | undefined> {
    const cached = runs.get(workflowId);
    if (cached) return cached.runId;
    const response = gateway()
      ?.runOf(workflowId)
      .catch(() => undefined);
    const runId = await Promise.race([response, sleep(DESCRIBE_TIMEOUT_MS, undefined, { ref: false })]);
    if (runId !== undefined) cacheRun(workflowId, runId);
    return runId;
  }

  function cacheRun(workflowId: string, runId: string | null): void {
    runs.set(workflowId, { runId }, { ttl: runId === null ? MISSING_CACHE_TTL_MS : CACHE_TTL_MS });
  }

  return {
    rememberRun: cacheRun,
    async urlOf(workflowId) {
      if (!uiUrl) return null;
      const runId = await runOf(workflowId);
      if (runId === null) return null;
      const base = `${uiUrl.replace(/\/$/, '')}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
      return runId === undefined ? base : `${base}/${runId}/history`;
    },
  };
}
