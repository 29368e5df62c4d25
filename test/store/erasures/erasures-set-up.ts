import type { WorkflowDeletion } from '../../../src/background/erasures/delete-workflows.ts';
import { createErasureSteps } from '../../../src/background/erasures/erasure-step.ts';
import { createErasures, type Erasures } from '../../../src/background/erasures/erasures.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { beginErasure, beginProjectErasure } from '../../../src/store/erasures/begin-erasure.ts';
import { type Erasure, findErasure } from '../../../src/store/erasures/erasures.ts';
import { holdErasure, releaseErasure } from '../../../src/store/erasures/running-erasures.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { eventually } from '../../set-up/eventually.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import type { SeededStore } from '../seed.ts';

export const TIMES = { attemptMs: 10, workflowStartMs: 50, callMs: 10 };

/** A Temporal with these workflows, which all have closed. */
export function temporalWith(...ids: string[]): WorkflowDeletion & { ids: Set<string> } {
  const left = new Set(ids);
  return {
    ids: left,
    runOf: async (id) => (left.has(id) ? 'run' : null),
    stateOf: async () => 'closed',
    deliveriesOf: async () => [],
    deleteWorkflow: async (id) => void left.delete(id),
  };
}

const failed: unknown[] = [];
const open = new Set<Erasures>();

/** Also after a test that failed; otherwise its timers would keep running. */
export async function closeErasures(): Promise<void> {
  for (const erasures of open) await erasures.close();
  open.clear();
}

export const partsFor = (
  store: SeededStore,
  temporal: () => WorkflowDeletion | null = () => temporalWith(),
) => ({
  pool: store.pool,
  temporal,
  onCancelled: () => {},
  onOutcomes: () => {},
  onReleased: () => {},
  onFailure: (error: unknown) => failed.push(error),
  times: TIMES,
});

/** As an API process does; `close` fails if a step has failed. */
export function startErasures(
  store: SeededStore,
  temporal: () => WorkflowDeletion | null = () => temporalWith(),
): Erasures {
  failed.length = 0;
  const erasures = createErasures({ ...partsFor(store, temporal), onCompleted: () => {} });
  open.add(erasures);
  return {
    wake: erasures.wake,
    async close() {
      await erasures.close();
      expect(failed).toEqual([]);
    },
  };
}

export const begin = async (store: SeededStore, kind: 'event' | 'consumer', subject: string) =>
  (await beginErasure(
    store.pool,
    kind,
    { id: newId('era', Date.now()), projectId: store.project, subject },
    100,
  ))!;

export const beginProject = async (store: SeededStore, projectId = store.project) =>
  (await beginProjectErasure(store.pool, newId('era', Date.now()), projectId))!;

/** Carries a job on as processes that each die after one step. Returns how many that were. */
export async function runStepByStep(store: SeededStore, job: Erasure): Promise<number> {
  for (let steps = 1; ; steps++) {
    await releaseErasure(store.pool, job.id, 0, null);
    const held = (await holdErasure(store.pool, job.id, 60_000))!;
    const { kind } = await createErasureSteps(partsFor(store), held)();
    if (kind === 'completed') return steps;
    if (steps > 500) throw new Error('the job does not end');
  }
}

export async function untilCompleted(store: SeededStore, { id }: Erasure): Promise<Erasure> {
  await eventually(async () => (await findErasure(store.pool, null, id))?.completedAt != null);
  return (await findErasure(store.pool, null, id))!;
}

/** Stores an event with one delivery whose attempt has succeeded. Returns the id of the delivery. */
export async function deliverEvent(
  store: SeededStore,
  owner: string,
  changes: object,
  answer = 'plant',
): Promise<string> {
  const { ids } = await store.acceptEvent(owner, changes);
  const claims = await claimDeliveries(store.pool, owner, [{ id: ids[0]!, step: 0 }]);
  const bytes = Buffer.from(JSON.stringify({ answer }));
  await recordAttempts(
    store.pool,
    claims.map((claim) =>
      attemptRecordOf(claim, {
        outcome: 'delivered',
        statusCode: 200,
        responseHeaders: bytes,
        responseBody: bytes,
      }),
    ),
  );
  return ids[0]!;
}
