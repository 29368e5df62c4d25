import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type pg from 'pg';
import { type OverdueOwner, releaseLost } from '../../store/deliveries/reconciliation.ts';
import type { WorkflowState } from '../../temporal/gateway.ts';

/** What the reconciler asks of Temporal. A failed look must answer `unknown`, which says nothing. */
export type WorkflowControl = {
  stateOf(workflowId: string): Promise<WorkflowState>;
  /** The type of the failure that a workflow ended with. */
  failureOf(workflowId: string): Promise<string>;
  retryNow(workflowId: string, ids: string[]): Promise<void>;
  terminate(workflowId: string, reason: string): Promise<void>;
};

export type OwnerPoller = {
  /** Those that run and were told a while ago: not worth another look yet. */
  recentlySignalled(): string[];
  /**
   * Looks at each, and gives back what nobody works on; `onChecked` is told of each answer. Returns how many deliveries were
   * released; throws if Temporal said nothing of any of them.
   */
  pollOwners(owners: OverdueOwner[], onChecked: () => void): Promise<number>;
};

export type OwnerPollerDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is away. */
  temporal: () => WorkflowControl | null;
  /** False when this process has to stop looking: another one leads, or it closes. */
  mayPoll: () => boolean;
  onAction: (action: 'released' | 'signalled' | 'terminated', workflowId: string, deliveries: number) => void;
  /** A workflow failed with deliveries open, which go on in another. */
  onWorkflowFailed: (workflowId: string, failure: string, deliveries: number) => void;
  onFailure: (error: unknown) => void;
  /** In milliseconds: until one that runs is looked at again, and until a wedged one is terminated. */
  times: { recheckAfterMs: number; terminateWedgedAfterMs: number };
};

const MAX_CONCURRENT_POLLS = 20;
/** A call to a server that is away takes longer than a lease lasts. */
const CALL_TIMEOUT_MS = 3_000;

export function createOwnerPoller(deps: OwnerPollerDependencies): OwnerPoller {
  const { pool, temporal, mayPoll, onAction, onWorkflowFailed, onFailure, times } = deps;
  const wedgedSince = new Map<string, number>();
  const quietUntil = new Map<string, number>();

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

  /** Returns how many deliveries were released; null when nothing could be learnt. */
  async function pollOwner({ owner, ids }: OverdueOwner): Promise<number | null> {
    const engine = temporal();
    if (!engine) return null;
    const state = await within(engine.stateOf(owner)).catch(() => 'unknown' as const);
    if (!mayPoll()) return null;
    if (state !== 'wedged') wedgedSince.delete(owner);
    if (state === 'unknown') return null;
    if (state === 'closed') return release(owner, ids);
    if (state === 'failed') return releaseFailed(engine, owner, ids);
    if (state === 'running') {
      // A signal may have been lost. One that is attempting ignores it.
      await within(engine.retryNow(owner, ids));
      quietUntil.set(owner, performance.now() + times.recheckAfterMs); // not before: one that fails is sent again soon
      onAction('signalled', owner, ids.length);
      return 0;
    }
    const since = wedgedSince.get(owner) ?? performance.now();
    wedgedSince.set(owner, since);
    if (performance.now() - since < times.terminateWedgedAfterMs) return 0;
    wedgedSince.delete(owner);
    await within(
      engine.terminate(owner, 'its workflow task failed for two minutes; its deliveries go on elsewhere'),
    );
    onAction('terminated', owner, ids.length);
    return release(owner, ids);
  }

  async function release(owner: string, ids: string[]): Promise<number> {
    const released = await releaseLost(pool, owner, ids);
    if (released > 0) onAction('released', owner, released);
    return released;
  }

  /** What is released goes on whether or not anybody learns why. */
  async function releaseFailed(engine: WorkflowControl, owner: string, ids: string[]): Promise<number> {
    const released = await release(owner, ids);
    if (released === 0) return 0;
    const failure = await within(engine.failureOf(owner)).catch(() => 'unknown');
    onWorkflowFailed(owner, failure, released);
    return released;
  }

  return {
    recentlySignalled() {
      const now = performance.now();
      for (const [id, until] of quietUntil) if (until < now) quietUntil.delete(id);
      return [...quietUntil.keys()];
    },
    pollOwners,
  };
}

async function within<T>(asked: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = sleep(CALL_TIMEOUT_MS, undefined, { signal: answered.signal }).then(() => {
    throw new Error('Temporal does not answer');
  });
  late.catch(() => {});
  try {
    return await Promise.race([asked, late]);
  } finally {
    answered.abort();
    asked.catch(() => {});
  }
}
