import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type pg from 'pg';
import { isExpressOwner } from '../../policy/owner.ts';
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
   * Checks each workflow and releases the deliveries that none works on. Calls `onChecked` after each. Throws if Temporal
   * returned the state of none.
   */
  pollOwners(owners: OverdueOwner[], onChecked: () => void): Promise<void>;
};

export type OwnerPollerDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  temporal: () => WorkflowControl | null;
  /** False when this process must stop polling, because another one leads or this one closes. */
  mayPoll: () => boolean;
  /** Called when deliveries were released and wait for an assignment. */
  onReleased: () => void;
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
const LATE = Symbol('late');
const WEDGED = 'the workflow task failed for two minutes; another workflow continues the deliveries';
/** It has let a delivery wait: perhaps its build has no worker. */
const OUTDATED = 'its build is not current; another workflow continues the deliveries';

export function createOwnerPoller(deps: OwnerPollerDependencies): OwnerPoller {
  const { pool, temporal, mayPoll, onReleased, onAction, onWorkflowFailed, onFailure, times } = deps;
  const wedgedSince = new Map<string, number>();
  const recheckAt = new Map<string, number>();

  async function pollOwners(owners: OverdueOwner[], onChecked: () => void): Promise<void> {
    const limit = pLimit(MAX_CONCURRENT_POLLS);
    let checked = 0;
    const poll = async (owner: OverdueOwner): Promise<void> => {
      if (!mayPoll()) return;
      // A workflow that cannot be signalled or terminated must not keep the others from being checked.
      const isKnown = await pollOwner(owner).catch((error) => {
        onFailure(error);
        return true;
      });
      if (!isKnown) return;
      checked += 1;
      onChecked();
    };
    await Promise.all(owners.map((owner) => limit(poll, owner)));
    if (checked === 0 && owners.length > 0 && mayPoll())
      throw new Error(`Temporal returned the state of none of ${owners.length} workflows`);
  }

  /** Returns whether the workflow's state is known. */
  async function pollOwner({ owner, ids }: OverdueOwner): Promise<boolean> {
    const control = temporal();
    // No workflow to ask for. If the process is alive after all, the next owner waits for its open claim.
    if (isExpressOwner(owner)) await release(owner, ids);
    else if (!control) return false;
    else {
      const state = await withTimeout(control.stateOf(owner)).catch(() => 'unknown' as const);
      if (!mayPoll()) return false;
      if (state !== 'wedged') wedgedSince.delete(owner);
      if (state === 'unknown') return false;
      if (state === 'running') await signal(control, owner, ids);
      else if (state === 'outdated') await terminate(control, owner, ids, OUTDATED);
      else if (state === 'wedged') {
        if (isWedgedForGood(owner)) await terminate(control, owner, ids, WEDGED);
      } else {
        const released = await release(owner, ids);
        // Only now: the deliveries continue even if the cause cannot be read.
        if (state === 'failed' && released > 0)
          onWorkflowFailed(
            owner,
            await withTimeout(control.failureOf(owner)).catch(() => 'unknown'),
            released,
          );
      }
    }
    return true;
  }

  /** An earlier signal may have been lost. A workflow that is attempting the deliveries ignores it. */
  async function signal(control: WorkflowControl, owner: string, ids: string[]): Promise<void> {
    await withTimeout(control.retryNow(owner, ids));
    recheckAt.set(owner, performance.now() + times.recheckAfterMs); // only after the signal was sent: a failed one is repeated soon
    onAction('signalled', owner, ids.length);
  }

  function isWedgedForGood(owner: string): boolean {
    const since = wedgedSince.get(owner) ?? performance.now();
    wedgedSince.set(owner, since);
    return performance.now() - since >= times.terminateWedgedAfterMs;
  }

  /** If the release fails, the next pass finds the workflow closed. */
  async function terminate(
    control: WorkflowControl,
    owner: string,
    ids: string[],
    reason: string,
  ): Promise<void> {
    await withTimeout(control.terminate(owner, reason));
    wedgedSince.delete(owner);
    onAction('terminated', owner, ids.length);
    await release(owner, ids);
  }

  async function release(owner: string, ids: string[]): Promise<number> {
    const released = await releaseLost(pool, owner, ids);
    if (released > 0) {
      onAction('released', owner, released);
      onReleased();
    }
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
  const result = await Promise.race([call, sleep(CALL_TIMEOUT_MS, LATE, { ref: false })]);
  if (result === LATE) throw new Error('Temporal does not respond');
  return result;
}
