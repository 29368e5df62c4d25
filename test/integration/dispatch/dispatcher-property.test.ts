import fc from 'fast-check';
import { createAcceptor } from '../../../src/dispatch/accept/acceptor.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { MAX_DELIVERIES } from '../../../src/policy/workflow-size.ts';
import { eventually } from '../../set-up/eventually.ts';
import { acceptEvents } from '../../store/accept-events.ts';
import { POLICY, type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { type FakeEngine, startFakeEngine, target } from './fake-engine.ts';

const RETRY_DELAY_MS = 300;

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constant('accept' as const), fc.integer({ min: 1, max: MAX_DELIVERIES + 50 })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('fail without a workflow' as const),
      fc.integer({ min: 1, max: MAX_DELIVERIES + 20 }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('behave' as const),
      fc.constantFrom<FakeEngine['behave']>('claim', 'fail', 'lose the response', 'id in use', 'unavailable'),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('poll' as const)) },
);

/** Records attempts that were made without a workflow and failed. The record of the first delivery does not succeed. */
async function failWithoutWorkflow(engine: FakeEngine, count: number): Promise<void> {
  const drafts = Array.from({ length: count }, () => store.draft({ target }));
  const { deliveries } = await acceptEvents(store.pool, secretBox, drafts, () => 'express/1');
  const retry = { delayMs: RETRY_DELAY_MS, endedAt: performance.now(), lastOutcome: '503' };
  const reservation = engine.dispatcher.reserveRetries(
    deliveries.map(({ id, eventId, type, projectId, lane }) => ({
      ...{ id, eventId, type, projectId, lane, retry, step: 1, policy: serializePolicy(POLICY) },
    })),
  );
  await store.pool.query(
    `UPDATE deliveries d SET step = 1, owner = r.owner, claimed_at = NULL, due_at = now() + $3 * interval '1 millisecond'
     FROM unnest($1::text[], $2::text[]) AS r (id, owner) WHERE d.id = r.id AND r.id <> $4`,
    [deliveries.map(({ id }) => id), reservation.owners, RETRY_DELAY_MS, deliveries[0]!.id],
  );
  reservation.commit(({ id }) => id !== deliveries[0]!.id);
  await store.pool.query(
    `UPDATE deliveries SET owner = NULL, claimed_at = NULL, due_at = now() WHERE id = $1`,
    [deliveries[0]!.id],
  );
}

test('whatever Temporal answers, each delivery is owned by one workflow that has started, and all slots return', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20, size: 'max' }), async (steps) => {
      const engine = startFakeEngine(store, { claimAfterMs: 30 });
      const acceptor = createAcceptor({
        pool: store.pool,
        box: secretBox,
        reserve: engine.dispatcher.reserve,
      });
      try {
        for (const next of steps) {
          if (next[0] === 'accept')
            await Promise.all(
              Array.from({ length: next[1] }, () => acceptor.acceptOne(store.draft({ target }))),
            );
          else if (next[0] === 'fail without a workflow') await failWithoutWorkflow(engine, next[1]);
          else if (next[0] === 'behave') engine.behave = next[1];
          else engine.dispatcher.poll();
        }
        engine.behave = 'claim';

        const isSettled = async () => {
          const started = engine.starts.map(({ workflowId }) => workflowId);
          const { n } = await store.queryOne<{ n: number }>(
            'SELECT count(*)::int AS n FROM deliveries WHERE owner IS NULL OR owner <> ALL ($1::text[])',
            [started],
          );
          const { reservations, startSlots } = engine.dispatcher.held();
          return n === 0 && reservations === 0 && startSlots === 0;
        };
        await eventually(isSettled);

        const owners = await store.pool.query<{ id: string; owner: string }>(
          'SELECT id, owner FROM deliveries',
        );
        const workflows = new Map(engine.starts.map((start) => [start.workflowId, start.deliveries]));
        expect(workflows.size).toBe(engine.starts.length);
        for (const { id, owner } of owners.rows)
          expect(workflows.get(owner)!.filter((delivery) => delivery.id === id)).toHaveLength(1);
      } finally {
        await engine.close();
        await store.pool.query('DELETE FROM deliveries');
      }
    }),
    { numRuns: 6 },
  );
});
