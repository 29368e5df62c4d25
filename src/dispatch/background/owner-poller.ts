import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type pg from 'pg';
import { isExpressOwner } from '../../policy/express-owner.ts';
import { type OverdueOwner, releaseLost } from '../../store/deliveries/reconciliation.ts';
import type { WorkflowState } from '../../temporal/gateway.ts';

/** What the reconciler needs of Temporal. `stateOf` returns `unknown` if Temporal does not respond. */
export type WorkflowControl = {
  stateOf(workflowId: string): Promise<WorkflowState>;
  /** The type of the failure with which a workflow ended. */
  failureOf(workflowId: string): Promise<string>;
  retryNow(workflowId: string, ids: string[]): Promise<void>;
  terminate(workflowId: string, reason: string): Promise<void>;
};

export type OwnerPoller = {
  /** Running workflows that were signalled recently and need not be checked yet. */
  recentlySignalled(): string[];
  /**
   * Checks each workflow and releases the deliveries that none works on. Calls `onChecked` after each. Returns the number
   * of released deliveries. Throws if Temporal returned the state of none.
   */
  pollOwners(owners: OverdueOwner[], onChecked: () => void): Promise<number>;
};

export type OwnerPollerDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  temporal: () => WorkflowControl | null;
  /** False when this process must stop polling, because another one leads or this one closes. */
  mayPoll: () => boolean;
  onAction: (action: 'released' | 'signalled' | 'terminated', workflowId: string, deliveries: number) => void;
  /** Called when a workflow failed with open deliveries, which another workflow continues. */
  onWorkflowFailed: (workflowId: string, failure: string, deliveries: number) => void;
  onFailure: (error: unknown) => void;
  /** Milliseconds until a running workflow is checked again, and until a wedged one is terminated. */
  times: { recheckAfterMs: number; terminateWedgedAfterMs: number };
};

const MAX_CONCURRENT_POLLS = 20;
/** Without a timeout, a call to a server that is down would take longer than the lease lasts. */
const CALL_TIMEOUT_MS = 3_000;

export function createOwnerPoller(deps: OwnerPollerDependencies): OwnerPoller {
  const { pool, temporal, mayPoll, onAction, onWorkflowFailed, onFailure, times } = deps;
  const wedgedSince = new Map<string, number>();
  const recheckAt = new Map<string, number>();

  async function pollOwners(owners: OverdueOwner[], onChecked: () => void): Promise<number> {
    const limit = pLimit(MAX_CONCURRENT_POLLS);
    let released = 0;
    let checked = 0;
    const poll = async (owner: OverdueOwner): Promise<void> => {
      if (!mayPoll()) return;
      // A workflow that cannot be signalled or terminated must not keep the others from being checked.
      const releasedCount = await pollOwner(owner).catch((error) => {
        onFailure(error);
        return 0;
      });
      if (releasedCount === null) return;
      checked += 1;
      released += releasedCount;
      onChecked();
    };
    await Promise.all(owners.map((owner) => limit(() => poll(owner))));
    if (checked === 0 && owners.length > 0 && mayPoll())
      throw new Error(`Temporal returned the state of none of ${owners.length} workflows`);
    return released;
  }

  /** Returns the number of released deliveries, or null if the workflow's state is unknown. */
  async function pollOwner({ owner, ids }: OverdueOwner): Promise<number | null> {
    // No workflow to ask for. If the process is alive after all, the next owner waits for its open claim.
    if (isExpressOwner(owner)) return release(owner, ids);
    const control = temporal();
    if (!control) return null;
    const state = await withTimeout(control.stateOf(owner)).catch(() => 'unknown' as const);
    if (!mayPoll()) return null;
    if (state !== 'wedged') wedgedSince.delete(owner);
    if (state === 'unknown') return null;
    if (state === 'closed') return release(owner, ids);
    if (state === 'failed') return releaseFailed(control, owner, ids);
    if (state === 'running') {
      // An earlier signal may have been lost. A workflow that is attempting the deliveries ignores it.
      await withTimeout(control.retryNow(owner, ids));
      recheckAt.set(owner, performance.now() + times.recheckAfterMs); // only after the signal was sent: a failed one is repeated soon
      onAction('signalled', owner, ids.length);
      return 0;
    }
    const since = wedgedSince.get(owner) ?? performance.now();
    wedgedSince.set(owner, since);
    if (performance.now() - since < times.terminateWedgedAfterMs) return 0;
    wedgedSince.delete(owner);
    await withTimeout(
      control.terminate(
        owner,
        'the workflow task failed for two minutes; another workflow continues the deliveries',
      ),
    );
    onAction('terminated', owner, ids.length);
    return release(owner, ids);
  }

  async function release(owner: string, ids: string[]): Promise<number> {
    const released = await releaseLost(pool, owner, ids);
    if (released > 0) onAction('released', owner, released);
    return released;
  }

  /** Releases first: the deliveries continue even if the cause cannot be read. */
  async function releaseFailed(control: WorkflowControl, owner: string, ids: string[]): Promise<number> {
    const released = await release(owner, ids);
    if (released === 0) return 0;
    const failure = await withTimeout(control.failureOf(owner)).catch(() => 'unknown');
    onWorkflowFailed(owner, failure, released);
    return released;
  }

  return {
    recentlySignalled() {
      const now = performance.now();
      for (const [id, at] of recheckAt) if (at < now) recheckAt.delete(id);
      return [...recheckAt.keys()];
    },
    pollOwners,
  };
}

async function withTimeout<T>(call: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const late = sleep(CALL_TIMEOUT_MS, undefined, { signal: settled.signal }).then(() => {
    throw new Error('Temporal does not respond');
  });
  late.catch(() => {});
  try {
    return await Promise.race([call, late]);
  } finally {
    settled.abort();
    call.catch(() => {});
  }
}
