import pg from 'pg';
import { withPinnedSettings } from '../store/connection-settings.ts';
import { type OverdueOwner, overdueOwners, releaseLost } from '../store/reconciliation.ts';

/** What Temporal says of a workflow. `wedged`: its workflow task fails again and again. */
export type WorkflowState = 'running' | 'wedged' | 'over' | 'unknown';

export type ReconcilerDependencies = {
  pool: pg.Pool;
  connectionString: string;
  /** Null while Temporal is away. A failed look must answer `unknown`, which says nothing. */
  temporal: () => {
    stateOf(workflowId: string): Promise<WorkflowState>;
    retryNow(workflowId: string, ids: string[]): Promise<void>;
    terminate(workflowId: string, reason: string): Promise<void>;
  } | null;
  /** Finishes what changed endpoints at least `ageMs` ago: deletions, and what is held for them. */
  sweepEndpoints: (ageMs: number) => Promise<void>;
  /** Told when deliveries were released: they wait for assignment. */
  onReleased: () => void;
  onAction: (action: 'released' | 'signalled' | 'terminated', workflowId: string, deliveries: number) => void;
  onFailure: (error: unknown) => void;
  times?: ReconcilerTimes;
};

/** All in milliseconds. */
export type ReconcilerTimes = {
  passEvery: number;
  /** Longer than an attempt can be late by itself; short in the first minute, when a crash has just been. */
  overdue: number;
  overdueAtStart: number;
  startLasts: number;
  /** A workflow task that fails for this long does not heal by itself. */
  wedgedFor: number;
  /** Between two looks for changes of endpoints that were never finished, and how old those are. */
  sweepEvery: number;
  sweepEveryAtStart: number;
};

export const RECONCILER_TIMES: ReconcilerTimes = {
  passEvery: 5_000,
  overdue: 60_000,
  overdueAtStart: 5_000,
  startLasts: 60_000,
  wedgedFor: 120_000,
  sweepEvery: 60_000,
  sweepEveryAtStart: 5_000,
};
/** Owners read in one go, and looked at side by side. */
const OWNERS_PER_READ = 2_000;
const LOOKS_AT_ONCE = 20;
/** Of all processes one reconciles: an optimisation, the compare-and-set is the safety. */
const LOCK_ID = 7_265_001;

/** Finds deliveries that are due, owned, and not worked on, and gives them back to the queue. */
export function createReconciler(deps: ReconcilerDependencies): { close(): Promise<void> } {
  const {
    pool,
    connectionString,
    temporal,
    sweepEndpoints,
    onReleased,
    onAction,
    onFailure,
    times = RECONCILER_TIMES,
  } = deps;
  const startedAt = performance.now();
  const wedgedSince = new Map<string, number>();
  const quietUntil = new Map<string, number>();
  let nextSweepAt = startedAt;
  let sweeping: Promise<void> | null = null;
  let leader: pg.Client | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let passing: Promise<void> = Promise.resolve();

  async function pass(): Promise<void> {
    if (!temporal() || !(await leads())) return;
    const now = performance.now();
    const isStart = now - startedAt < times.startLasts;
    if (!sweeping && now >= nextSweepAt) {
      const sweepEvery = isStart ? times.sweepEveryAtStart : times.sweepEvery;
      nextSweepAt = now + sweepEvery;
      // A long backlog takes a while: what is overdue does not wait for it.
      sweeping = sweepEndpoints(sweepEvery)
        .catch(onFailure)
        .finally(() => (sweeping = null));
    }
    for (const [id, until] of quietUntil) if (until < now) quietUntil.delete(id);
    const overdueMs = isStart ? times.overdueAtStart : times.overdue;
    const seen = new Set(quietUntil.keys());
    for (let more = true; more && !closed; ) {
      const owners = await overdueOwners(pool, overdueMs, OWNERS_PER_READ, [...seen]);
      for (const { owner } of owners) seen.add(owner);
      if ((await lookAtAll(owners)) > 0) onReleased();
      more = owners.length === OWNERS_PER_READ;
    }
  }

  /** Returns how many deliveries were released. */
  async function lookAtAll(owners: OverdueOwner[]): Promise<number> {
    const queue = owners.values();
    let released = 0;
    const worker = async () => {
      for (const one of queue) {
        // One that cannot be told or terminated must not keep the others from being looked at.
        const ofOne = await lookAt(one).catch((error) => {
          onFailure(error);
          return 0;
        });
        released += ofOne;
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker));
    return released;
  }

  async function lookAt({ owner, ids }: OverdueOwner): Promise<number> {
    const engine = temporal();
    if (!engine || closed) return 0;
    const state = await engine.stateOf(owner);
    if (state !== 'wedged') wedgedSince.delete(owner);
    if (state === 'over') return release(owner, ids);
    if (state === 'running') {
      // A signal may have been lost. One that is attempting ignores it.
      quietUntil.set(owner, performance.now() + times.overdue);
      await engine.retryNow(owner, ids);
      onAction('signalled', owner, ids.length);
      return 0;
    }
    if (state === 'wedged') {
      const since = wedgedSince.get(owner) ?? performance.now();
      wedgedSince.set(owner, since);
      if (performance.now() - since < times.wedgedFor) return 0;
      wedgedSince.delete(owner);
      await engine.terminate(
        owner,
        'its workflow task failed for two minutes; its deliveries go on elsewhere',
      );
      onAction('terminated', owner, ids.length);
      return release(owner, ids);
    }
    return 0;
  }

  async function release(owner: string, ids: string[]): Promise<number> {
    const released = await releaseLost(pool, owner, ids);
    if (released > 0) onAction('released', owner, released);
    return released;
  }

  async function leads(): Promise<boolean> {
    if (leader) return true;
    const client = new pg.Client({
      connectionString: withPinnedSettings(connectionString),
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const lose = () => {
      if (leader === client) leader = null;
    };
    client.on('error', lose);
    client.on('end', lose);
    try {
      await client.connect();
      const { rows } = await client.query<{ won: boolean }>('SELECT pg_try_advisory_lock($1) AS won', [
        LOCK_ID,
      ]);
      if (rows[0]?.won) leader = client;
      else await client.end();
      return leader === client;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  const loop = (): void => {
    passing = pass()
      .catch(onFailure)
      .finally(() => {
        if (!closed) timer = setTimeout(loop, times.passEvery);
      });
  };
  loop();

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await passing;
      await sweeping;
      await leader?.end();
    },
  };
}
