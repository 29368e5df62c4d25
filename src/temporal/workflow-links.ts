import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowLinks } from '../api/ports.ts';
import type { TemporalGateway } from './gateway.ts';

/** A reader of the API does not wait for Temporal longer than this; the link then leads to the latest run. */
const ASK_WITHIN_MS = 300;
/** Runs never change for an id; that a workflow is not kept any more may show this much later. */
const REMEMBER_MS = 30_000;
/** One that is not there may be about to start: its id is in Postgres some milliseconds earlier. */
const REMEMBER_MISSING_MS = 500;
const REMEMBERED = 2_000;

export type CachedWorkflowLinks = WorkflowLinks & {
  /** A run that this process has just started: nobody needs to ask Temporal for it. */
  rememberRun(workflowId: string, runId: string): void;
};

/** Links into the Temporal Web UI. */
export function createWorkflowLinks(
  uiUrl: string | undefined,
  namespace: string,
  gateway: () => TemporalGateway | null,
): CachedWorkflowLinks {
  const runs = new Map<string, { runId: string | null; at: number }>();

  async function runOf(workflowId: string): Promise<string | null | undefined> {
    const known = runs.get(workflowId);
    const rememberMs = known?.runId === null ? REMEMBER_MISSING_MS : REMEMBER_MS;
    if (known && performance.now() - known.at < rememberMs) return known.runId;
    const asked = gateway()
      ?.runOf(workflowId)
      .catch(() => undefined);
    const runId = await Promise.race([asked, sleep(ASK_WITHIN_MS, undefined, { ref: false })]);
    if (runId !== undefined) remember(workflowId, runId);
    return runId;
  }

  function remember(workflowId: string, runId: string | null): void {
    runs.delete(workflowId);
    runs.set(workflowId, { runId, at: performance.now() });
    if (runs.size > REMEMBERED) runs.delete(runs.keys().next().value!);
  }

  return {
    rememberRun: remember,
    async urlOf(workflowId) {
      if (!uiUrl) return null;
      const runId = await runOf(workflowId);
      if (runId === null) return null;
      const base = `${uiUrl.replace(/\/$/, '')}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
      return runId === undefined ? base : `${base}/${runId}/history`;
    },
  };
}
