import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { easeGates, liftPassed } from '../../../src/store/receivers/gates/ease-gates.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { type AttemptedEndpoint, failure, newAttemptedEndpoint, PLAIN } from './attempted-endpoint.ts';

let store: SeededStore;
let endpoint: AttemptedEndpoint;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  endpoint = await newAttemptedEndpoint(store);
});
afterAll(() => store.drop());

describe('Retry-After', () => {
  test('shuts the gate of the whole endpoint, as long as the longest of several', async () => {
    await endpoint.record(1, failure({ kind: 'wait', ms: 60_000 }));
    await endpoint.record(1, failure({ kind: 'wait', ms: 20_000 }));
    expect(await endpoint.gate()).toMatchObject({ reason: 'retry_after', spacing: null, closed: true });
    expect((await endpoint.gate())!.shutFor).toBeGreaterThan(59);
    expect(await liftPassed(store.pool)).not.toContain(endpoint.id);
    await store.pool.query('UPDATE receiver_gates SET not_before = now() WHERE receiver = $1', [endpoint.id]);
    // A retry waits in the queue of the gate, whose assignment removes the wait.
    expect(await liftPassed(store.pool)).not.toContain(endpoint.id);
    await store.pool.query(`UPDATE deliveries SET status = 'held', due_at = NULL WHERE receiver = $1`, [
      endpoint.id,
    ]);
    expect(await liftPassed(store.pool)).toContain(endpoint.id);
    expect(await endpoint.gate()).toBeUndefined();
  });

  test('during a cool-down postpones the next probe', async () => {
    await endpoint.record(20, PLAIN);
    await endpoint.age(120);
    await endpoint.record(1, failure({ kind: 'wait', ms: 100_000 }));
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown', probe: 60_000 });
    expect((await endpoint.gate())!.shutFor).toBeGreaterThan(99);
  });
});

describe('429 without Retry-After', () => {
  const TOO_MANY = failure({ kind: 'slow_down' });
  const success = (startedAt = new Date(Date.now() + 1_000)) =>
    easeGates(store.pool, [{ receiver: endpoint.id, projectId: endpoint.project, startedAt }]);
  const spacing = async () => (await endpoint.gate())?.spacing;

  test('doubles the distance between requests, up to a minute', async () => {
    const seen = [];
    for (let n = 0; n < 8; n += 1) {
      await endpoint.record(1, { ...TOO_MANY, startedAt: new Date(Date.now() + 1_000 * n) });
      await store.pool.query(
        `UPDATE receiver_gates SET spacing_changed_at = spacing_changed_at - interval '1 s' WHERE receiver = $1`,
        [endpoint.id],
      );
      seen.push(await spacing());
    }
    expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('counts once for requests that were under way together', async () => {
    const claims = await endpoint.underWay(5);
    const records = claims.map((claim) => attemptRecordOf(claim, TOO_MANY));
    await recordAttempts(store.pool, records.slice(0, 2));
    await recordAttempts(store.pool, records.slice(2));
    expect(await spacing()).toBe(1_000);
  });

  test('is forgotten when nothing was sent for an hour', async () => {
    await endpoint.record(1, TOO_MANY);
    await liftPassed(store.pool);
    expect(await spacing()).toBe(1_000);
    await store.pool.query(
      `UPDATE receiver_gates SET spacing_changed_at = now() - interval '61 minutes' WHERE receiver = $1`,
      [endpoint.id],
    );
    await liftPassed(store.pool);
    expect(await endpoint.gate()).toBeUndefined();
  });

  test('relaxes with successes of later requests', async () => {
    await endpoint.record(1, TOO_MANY);
    await store.pool.query('UPDATE receiver_gates SET spacing_ms = 4000 WHERE receiver = $1', [endpoint.id]);
    await success(new Date(Date.now() - 60_000));
    expect(await spacing()).toBe(4_000);
    await success();
    expect(await spacing()).toBe(2_000);
    await success();
    expect(await spacing()).toBe(1_000);
    await success();
    expect(await endpoint.gate()).toBeUndefined();
  });
});
