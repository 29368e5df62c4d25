import pg from 'pg';
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
  /** Told when deliveries were released: they wait for assignment. */
  onReleased: () => void;
  onAction: (action: 'released' | 'signalled' | 'terminated', workflowId: string, deliveries: number) => void;
  onFailure: (error: unknown) => void;
};

const PASS_EVERY_MS = 5_000;
/** Longer than an attempt can be late by itself; short in the first minute, when a crash has just been. */
const OVERDUE_MS = 60_000;
const OVERDUE_AT_START_MS = 5_000;
const START_LASTS_MS = 60_000;
const WEDGED_FOR_MS = 120_000;
/** Owners read in one go, and looked at side by side. */
const OWNERS_PER_READ = 2_000;
const LOOKS_AT_ONCE = 20;
/** Of all processes one reconciles: an optimisation, the compare-and-set is the safety. */
const LOCK_ID = 7_265_001;

/** Finds deliveries that are due, owned, and not worked on, and gives them back to the queue. */
export function createReconciler(deps: ReconcilerDependencies): { close(): Promise<void> } {
  const { pool, connectionString, temporal, onReleased, onAction, onFailure } = deps;
  const startedAt = performance.now();
  const wedgedSince = new Map<string, number>();
  const quietUntil = new Map<string, number>();
  let leader: pg.Client | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let passing: Promise<void> = Promise.resolve();

  async function pass(): Promise<void> {
    if (!temporal() || !(await leads())) return;
    const now = performance.now();
    for (const [id, until] of quietUntil) if (until < now) quietUntil.delete(id);
    const overdueMs = now - startedAt < START_LASTS_MS ? OVERDUE_AT_START_MS : OVERDUE_MS;
    for (let more = true; more && !closed; ) {
      const owners = await overdueOwners(pool, overdueMs, OWNERS_PER_READ);
      const fresh = owners.filter(({ owner }) => !quietUntil.has(owner));
      const released = await lookAtAll(fresh);
      if (released > 0) onReleased();
      more = owners.length === OWNERS_PER_READ && released > 0;
    }
  }

  async function lookAtAll(owners: OverdueOwner[]): Promise<number> {
    const queue = owners.values();
    let released = 0;
    const worker = async () => {
      for (const owner of queue) released += await lookAt(owner);
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
      quietUntil.set(owner, performance.now() + OVERDUE_MS);
      await engine.retryNow(owner, ids).catch(onFailure);
      onAction('signalled', owner, ids.length);
      return 0;
    }
    if (state === 'wedged') {
      const since = wedgedSince.get(owner) ?? performance.now();
      wedgedSince.set(owner, since);
      if (performance.now() - since < WEDGED_FOR_MS) return 0;
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
    const client = new pg.Client({ connectionString, keepAlive: true });
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
        if (!closed) timer = setTimeout(loop, PASS_EVERY_MS);
      });
  };
  loop();

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await passing;
      await leader?.end();
    },
  };
}
