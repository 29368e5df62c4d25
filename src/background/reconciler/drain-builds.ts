import pLimit from 'p-limit';
import type pg from 'pg';
import { handOver } from '../../store/deliveries/hand-over.ts';
import type { Pass } from '../loops/pass-loop.ts';

/** What draining needs of Temporal. */
export type DrainControl = {
  /** Some of the open workflows of deliveries that stay on a build which gets no new ones. */
  workflowsOfDrainingBuilds(): Promise<string[]>;
  /** Tells a workflow that Postgres has taken over the deliveries that wait in it, except the `kept` ones. */
  release(workflowId: string, kept: string[]): Promise<void>;
  terminate(workflowId: string, reason: string): Promise<void>;
};

export type DrainDependencies = {
  pool: pg.Pool;
  temporal: () => DrainControl | null;
  /** False when this process must stop, because another one leads or this one closes. */
  mayDrain: () => boolean;
  /** Called when deliveries may wait for an assignment. */
  onReleased: () => void;
  onDrained: (workflows: number, deliveries: number) => void;
  /** How long a workflow has to end after it was told to, in milliseconds. */
  terminateAfterMs: number;
};

const OWNERS_PER_STATEMENT = 1_000;
const MAX_CONCURRENT_CALLS = 20;
const NO_WORKER = 'its build has no worker that could end it; its deliveries continue on the current build';

/**
 * A pass takes the deliveries from workflows that stay on an earlier build. Postgres decides and the workflows are told
 * afterwards, so it does not matter whether a worker of their build is left: a workflow that is still there after a while
 * has none, and is terminated. It has no deliveries by then.
 */
export function createBuildDrain(deps: DrainDependencies): Pass {
  const { pool, temporal, mayDrain, onReleased, onDrained, terminateAfterMs } = deps;
  /** Since when a workflow has known that it carries nothing. */
  let toldAt = new Map<string, number>();

  return async (recordProgress) => {
    const control = temporal();
    if (!control) return;
    const workflows = await control.workflowsOfDrainingBuilds();
    const open = new Set(workflows);
    toldAt = new Map([...toldAt].filter(([id]) => open.has(id)));
    recordProgress();
    for (let from = 0; from < workflows.length && mayDrain(); from += OWNERS_PER_STATEMENT) {
      const owners = workflows.slice(from, from + OWNERS_PER_STATEMENT);
      const changed = new Map((await handOver(pool, owners)).map((one) => [one.owner, one]));
      recordProgress();
      const deliveries = [...changed.values()].reduce((sum, { handed }) => sum + handed, 0);
      if (deliveries > 0) {
        onDrained([...changed.values()].filter(({ handed }) => handed > 0).length, deliveries);
        onReleased();
      }
      const limit = pLimit(MAX_CONCURRENT_CALLS);
      const settle = async (workflowId: string): Promise<void> => {
        if (!mayDrain()) return;
        const { handed = 0, kept = [] } = changed.get(workflowId) ?? {};
        await end(control, workflowId, handed, kept);
        recordProgress();
      };
      await Promise.all(owners.map((owner) => limit(settle, owner)));
    }
  };

  async function end(
    control: DrainControl,
    workflowId: string,
    handed: number,
    kept: string[],
  ): Promise<void> {
    const since = toldAt.get(workflowId);
    if (handed > 0 || (kept.length === 0 && since === undefined)) await control.release(workflowId, kept);
    if (kept.length > 0) return;
    if (since === undefined) toldAt.set(workflowId, performance.now());
    else if (performance.now() - since > terminateAfterMs) await control.terminate(workflowId, NO_WORKER);
  }
}
