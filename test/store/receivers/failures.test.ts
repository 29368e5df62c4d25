import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { removeOldFailures } from '../../../src/store/receivers/failures/failures.ts';
import { easeGates, liftPassed } from '../../../src/store/receivers/gates/ease-gates.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { pausingAtCommit } from '../stopping-pool.ts';
import {
  type AttemptedEndpoint,
  DELIVERED,
  failure,
  newAttemptedEndpoint,
  OURS,
  PLAIN,
} from './attempted-endpoint.ts';

let store: SeededStore;
let endpoint: AttemptedEndpoint;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  endpoint = await newAttemptedEndpoint(store);
});
afterAll(() => store.drop());

describe('the failures in a row', () => {
  test('are counted once, whoever records them, and a success ends them', async () => {
    const records = (await endpoint.underWay(3)).map((claim) => attemptRecordOf(claim, PLAIN));
    await recordAttempts(store.pool, records.slice(0, 2));
    // The acknowledgement was lost, and another flush has the same attempts.
    await recordAttempts(store.pool, records);
    await recordAttempts(store.pool, records);
    expect(await endpoint.failures()).toMatchObject({ failures: 3, project_id: endpoint.project });

    await endpoint.record(1, DELIVERED);
    expect(await endpoint.failures()).toBeUndefined();
    await endpoint.record(1, PLAIN);
    expect(await endpoint.failures()).toMatchObject({ failures: 1 });
  });

  test('do not count what Posthorn caused, which does not end them either', async () => {
    await endpoint.record(2, OURS);
    expect(await endpoint.failures()).toBeUndefined();
    await endpoint.record(1, PLAIN);
    await endpoint.record(1, OURS);
    expect(await endpoint.failures()).toMatchObject({ failures: 1 });
  });

  test('are counted together with the attempt, or not at all, when a process dies', async () => {
    const [claim] = await endpoint.underWay(1);
    const dying = pausingAtCommit(store.pool);
    const recorded = recordAttempts(dying.pool, [attemptRecordOf(claim!, PLAIN)]);
    await dying.paused;
    await store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    dying.resume();
    await expect(recorded).rejects.toThrow();
    expect(await endpoint.failures()).toBeUndefined();

    await recordAttempts(store.pool, [attemptRecordOf(claim!, PLAIN)]);
    expect(await endpoint.failures()).toMatchObject({ failures: 1 });
  });

  test('are exact when two workers record at the same time', async () => {
    const records = (await endpoint.underWay(40)).map((claim) => attemptRecordOf(claim, PLAIN));
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => recordAttempts(store.pool, records.slice(n * 5, n * 5 + 5))),
    );
    expect(await endpoint.failures()).toMatchObject({ failures: 40 });
  });
});

test('the failures of an endpoint are kept as long as events, and those of a target for an hour', async () => {
  const target = `${endpoint.project} https://hooks.example.com`;
  await store.pool.query(
    `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
     SELECT receiver, $1, 1, now() - interval '2 hours', now() - interval '2 hours' FROM unnest($2::text[]) AS r (receiver)`,
    [endpoint.project, [endpoint.id, target]],
  );
  await removeOldFailures(store.pool, new Date(Date.now() - 86_400_000));
  const { rows } = await store.pool.query('SELECT receiver FROM receiver_failures WHERE project_id = $1', [
    endpoint.project,
  ]);
  expect(rows).toEqual([{ receiver: endpoint.id }]);
  await removeOldFailures(store.pool, new Date());
  expect(await endpoint.failures()).toBeUndefined();
});

describe('a cool-down', () => {
  test('begins after 20 failures over a minute, with a probe after 30 s', async () => {
    await endpoint.record(20, PLAIN);
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.age(59);
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.age(2);
    const { restricted } = await endpoint.record(1, PLAIN);

    expect(restricted).toEqual([{ receiver: endpoint.id, projectId: endpoint.project }]);
    // Its deliveries have moved to the restricted lane once, and later ones start there.
    expect((await endpoint.record(1, PLAIN)).restricted).toEqual([]);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown', probe: 60_000, closed: true });
    expect((await endpoint.gate())!.shutFor).toBeGreaterThan(29);
    expect((await endpoint.gate())!.shutFor).toBeLessThanOrEqual(30);
  });

  test('begins however long the time to the first probe is, and a failed probe does not end it', async () => {
    await endpoint.withRules({ coolDownAfter: 1, probeEvery: 90 * 86_400 });
    await endpoint.record(19, PLAIN);
    await endpoint.age(2);
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown', probe: 86_400_000 });
    expect((await endpoint.gate())!.shutFor).toBeCloseTo(86_400, -1);
    await store.pool.query('UPDATE receiver_gates SET not_before = now() WHERE receiver = $1', [endpoint.id]);
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown', probe: 86_400_000 });
  });

  test('does not begin after fewer failures, or if the profile or the project excludes it', async () => {
    await endpoint.record(18, PLAIN);
    await endpoint.age(3_600);
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.record(5, failure({ kind: 'none' }, false));
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.withRules({ coolDownAfter: 0 });
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.withRules({ probeEvery: 0 });
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toBeUndefined();
    await endpoint.withRules({});
    await endpoint.record(1, PLAIN);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown' });
  });

  test('is not prolonged by attempts that were under way when it began', async () => {
    await endpoint.record(20, PLAIN);
    await endpoint.age(120);
    const claims = await endpoint.underWay(3);
    await endpoint.record(1, PLAIN);
    await store.pool.query(
      `UPDATE receiver_gates SET not_before = now() + interval '5 s' WHERE receiver = $1`,
      [endpoint.id],
    );
    await recordAttempts(
      store.pool,
      claims.map((claim) => attemptRecordOf(claim, PLAIN)),
    );
    expect((await endpoint.gate())!.shutFor).toBeLessThanOrEqual(5);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown', probe: 60_000 });
  });

  test('ends with a success, and one that a dead process did not end is ended later', async () => {
    await endpoint.record(20, PLAIN);
    await endpoint.age(120);
    await endpoint.record(1, PLAIN);
    const { transitions } = await endpoint.record(1, DELIVERED);
    expect(transitions).toMatchObject([{ hasGate: true, receiver: endpoint.id }]);
    expect(await endpoint.gate()).toMatchObject({ reason: 'cooldown' });
    expect(await liftPassed(store.pool)).toContain(endpoint.id);
    expect(await endpoint.gate()).toBeUndefined();
  });

  test('ends at once in the worker that records the success', async () => {
    await endpoint.record(20, PLAIN);
    await endpoint.age(120);
    await endpoint.record(1, PLAIN);
    await endpoint.record(1, DELIVERED);
    const success = { receiver: endpoint.id, projectId: endpoint.project, startedAt: new Date() };
    expect(await easeGates(store.pool, [success])).toEqual([
      { receiver: endpoint.id, projectId: endpoint.project },
    ]);
    // As after a wait that is over: what has piled up goes out evenly.
    expect(await endpoint.gate()).toMatchObject({ reason: 'retry_after', probe: null });
    expect((await endpoint.gate())!.shutFor).toBeLessThanOrEqual(0);
    expect(await liftPassed(store.pool)).toContain(endpoint.id);
    expect(await endpoint.gate()).toBeUndefined();
  });
});
