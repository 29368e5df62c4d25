import type pg from 'pg';
import type { ReceiverInstruction } from '../../../src/policy/receiver-instruction.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { disableFailing, warnOfFailing } from '../../../src/store/receivers/failures/failure-alerts.ts';
import { removeOldFailures } from '../../../src/store/receivers/failures/failures.ts';
import { easeGates, liftPassed } from '../../../src/store/receivers/gates/ease-gates.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { pausingAtCommit } from '../stopping-pool.ts';

let store: SeededStore;
let project: string;
let endpoint: string;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  project = await store.newProject();
  endpoint = await store.newEndpoint({ project });
});
afterAll(() => store.drop());

const failure = (instruction: ReceiverInstruction, coolsDown = true): Partial<AttemptRecord> => ({
  receiverFailure: { instruction, coolsDown },
});
const PLAIN = failure({ kind: 'none' });
const DELIVERED: Partial<AttemptRecord> = { outcome: 'delivered', statusCode: 200, retryInMs: null };
/** What Posthorn caused itself. */
const OURS: Partial<AttemptRecord> = { outcome: 'blocked', statusCode: null };

/** Claims `count` new deliveries to the endpoint, as if their attempts had just started. */
async function underWay(count: number): Promise<{ id: string; epoch: number }[]> {
  const deliveries = [];
  for (let n = 0; n < count; n += 1)
    deliveries.push((await store.acceptEvent('mine', { projectId: project })).ids[0]!);
  const steps = deliveries.map((id) => ({ id, step: 0 }));
  // A permit, in case that the endpoint is paced by now.
  await store.pool.query('UPDATE deliveries SET permitted_at = now() WHERE id = ANY ($1)', [deliveries]);
  const claims = await claimDeliveries(store.pool, 'mine', steps);
  expect(claims).toHaveLength(count);
  return claims;
}

async function record(count: number, changes: Partial<AttemptRecord>) {
  const records = (await underWay(count)).map((claim) => attemptRecordOf(claim, changes));
  return recordAttempts(store.pool, records);
}

const failures = async (): Promise<pg.QueryResultRow | undefined> =>
  store.queryOne('SELECT * FROM receiver_failures WHERE receiver = $1', [endpoint]);

/** Times relative to now, in seconds. */
const gate = async (): Promise<pg.QueryResultRow | undefined> =>
  store.queryOne(
    `SELECT not_before_reason AS reason, extract(epoch FROM not_before - now())::float8 AS "shutFor", spacing_ms AS spacing,
            probe_interval_ms AS probe, closed_at IS NOT NULL AS closed
     FROM receiver_gates WHERE receiver = $1`,
    [endpoint],
  );

const age = (seconds: number) =>
  store.pool.query(
    `UPDATE receiver_failures SET first_failure_at = first_failure_at - $2 * interval '1 second' WHERE receiver = $1`,
    [endpoint, seconds],
  );

const withRules = (rules: object) =>
  store.pool.query('UPDATE projects SET failure_rules = $2 WHERE id = $1', [project, JSON.stringify(rules)]);

const told = async (): Promise<pg.QueryResultRow[]> =>
  (
    await store.pool.query(
      'SELECT type, data FROM operational_events WHERE project_id = $1 ORDER BY created_at',
      [project],
    )
  ).rows;
const toldTypes = async (): Promise<string[]> => (await told()).map(({ type }) => type);

describe('the failures in a row', () => {
  test('are counted once, whoever records them, and a success ends them', async () => {
    const records = (await underWay(3)).map((claim) => attemptRecordOf(claim, PLAIN));
    await recordAttempts(store.pool, records.slice(0, 2));
    // The acknowledgement was lost, and another flush has the same attempts.
    await recordAttempts(store.pool, records);
    await recordAttempts(store.pool, records);
    expect(await failures()).toMatchObject({ failures: 3, project_id: project });

    await record(1, DELIVERED);
    expect(await failures()).toBeUndefined();
    await record(1, PLAIN);
    expect(await failures()).toMatchObject({ failures: 1 });
  });

  test('do not count what Posthorn caused, which does not end them either', async () => {
    await record(2, OURS);
    expect(await failures()).toBeUndefined();
    await record(1, PLAIN);
    await record(1, OURS);
    expect(await failures()).toMatchObject({ failures: 1 });
  });

  test('are counted together with the attempt, or not at all, when a process dies', async () => {
    const [claim] = await underWay(1);
    const dying = pausingAtCommit(store.pool);
    const recorded = recordAttempts(dying.pool, [attemptRecordOf(claim!, PLAIN)]);
    await dying.paused;
    await store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    dying.resume();
    await expect(recorded).rejects.toThrow();
    expect(await failures()).toBeUndefined();

    await recordAttempts(store.pool, [attemptRecordOf(claim!, PLAIN)]);
    expect(await failures()).toMatchObject({ failures: 1 });
  });

  test('are exact when two workers record at the same time', async () => {
    const records = (await underWay(40)).map((claim) => attemptRecordOf(claim, PLAIN));
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => recordAttempts(store.pool, records.slice(n * 5, n * 5 + 5))),
    );
    expect(await failures()).toMatchObject({ failures: 40 });
  });
});

test('the failures of an endpoint are kept as long as events, and those of a target for an hour', async () => {
  const target = `${project} https://hooks.example.com`;
  await store.pool.query(
    `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
     SELECT receiver, $1, 1, now() - interval '2 hours', now() - interval '2 hours' FROM unnest($2::text[]) AS r (receiver)`,
    [project, [endpoint, target]],
  );
  await removeOldFailures(store.pool, new Date(Date.now() - 86_400_000));
  const { rows } = await store.pool.query('SELECT receiver FROM receiver_failures WHERE project_id = $1', [
    project,
  ]);
  expect(rows).toEqual([{ receiver: endpoint }]);
  await removeOldFailures(store.pool, new Date());
  expect(await failures()).toBeUndefined();
});

describe('a cool-down', () => {
  test('begins after 20 failures over a minute, with a probe after 30 s', async () => {
    await record(20, PLAIN);
    expect(await gate()).toBeUndefined();
    await age(59);
    await record(1, PLAIN);
    expect(await gate()).toBeUndefined();
    await age(2);
    const { restricted } = await record(1, PLAIN);

    expect(restricted).toEqual([{ receiver: endpoint, projectId: project }]);
    // Its deliveries have moved to the restricted lane once, and later ones start there.
    expect((await record(1, PLAIN)).restricted).toEqual([]);
    expect(await gate()).toMatchObject({ reason: 'cooldown', probe: 60_000, closed: true });
    expect((await gate())!.shutFor).toBeGreaterThan(29);
    expect((await gate())!.shutFor).toBeLessThanOrEqual(30);
  });

  test('begins however long the time to the first probe is, and a failed probe does not end it', async () => {
    await withRules({ coolDownAfter: 1, probeEvery: 90 * 86_400 });
    await record(19, PLAIN);
    await age(2);
    await record(1, PLAIN);
    expect(await gate()).toMatchObject({ reason: 'cooldown', probe: 86_400_000 });
    expect((await gate())!.shutFor).toBeCloseTo(86_400, -1);
    await store.pool.query('UPDATE receiver_gates SET not_before = now() WHERE receiver = $1', [endpoint]);
    await record(1, PLAIN);
    expect(await gate()).toMatchObject({ reason: 'cooldown', probe: 86_400_000 });
  });

  test('does not begin after fewer failures, or if the profile or the project excludes it', async () => {
    await record(18, PLAIN);
    await age(3_600);
    await record(1, PLAIN);
    expect(await gate()).toBeUndefined();
    await record(5, failure({ kind: 'none' }, false));
    expect(await gate()).toBeUndefined();
    await withRules({ coolDownAfter: 0 });
    await record(1, PLAIN);
    expect(await gate()).toBeUndefined();
    await withRules({ probeEvery: 0 });
    await record(1, PLAIN);
    expect(await gate()).toBeUndefined();
    await withRules({});
    await record(1, PLAIN);
    expect(await gate()).toMatchObject({ reason: 'cooldown' });
  });

  test('is not prolonged by attempts that were under way when it began', async () => {
    await record(20, PLAIN);
    await age(120);
    const claims = await underWay(3);
    await record(1, PLAIN);
    await store.pool.query(
      `UPDATE receiver_gates SET not_before = now() + interval '5 s' WHERE receiver = $1`,
      [endpoint],
    );
    await recordAttempts(
      store.pool,
      claims.map((claim) => attemptRecordOf(claim, PLAIN)),
    );
    expect((await gate())!.shutFor).toBeLessThanOrEqual(5);
    expect(await gate()).toMatchObject({ reason: 'cooldown', probe: 60_000 });
  });

  test('ends with a success, and one that a dead process did not end is ended later', async () => {
    await record(20, PLAIN);
    await age(120);
    await record(1, PLAIN);
    const { transitions } = await record(1, DELIVERED);
    expect(transitions).toMatchObject([{ hasGate: true, receiver: endpoint }]);
    expect(await gate()).toMatchObject({ reason: 'cooldown' });
    expect(await liftPassed(store.pool)).toContain(endpoint);
    expect(await gate()).toBeUndefined();
  });

  test('ends at once in the worker that records the success', async () => {
    await record(20, PLAIN);
    await age(120);
    await record(1, PLAIN);
    await record(1, DELIVERED);
    const success = { receiver: endpoint, projectId: project, startedAt: new Date() };
    expect(await easeGates(store.pool, [success])).toEqual([{ receiver: endpoint, projectId: project }]);
    // As after a wait that is over: what has piled up goes out evenly.
    expect(await gate()).toMatchObject({ reason: 'retry_after', probe: null });
    expect((await gate())!.shutFor).toBeLessThanOrEqual(0);
    expect(await liftPassed(store.pool)).toContain(endpoint);
    expect(await gate()).toBeUndefined();
  });
});

describe('Retry-After', () => {
  test('shuts the gate of the whole endpoint, as long as the longest of several', async () => {
    await record(1, failure({ kind: 'wait', ms: 60_000 }));
    await record(1, failure({ kind: 'wait', ms: 20_000 }));
    expect(await gate()).toMatchObject({ reason: 'retry_after', spacing: null, closed: true });
    expect((await gate())!.shutFor).toBeGreaterThan(59);
    expect(await liftPassed(store.pool)).not.toContain(endpoint);
    await store.pool.query('UPDATE receiver_gates SET not_before = now() WHERE receiver = $1', [endpoint]);
    // A retry waits in the queue of the gate, whose assignment removes the wait.
    expect(await liftPassed(store.pool)).not.toContain(endpoint);
    await store.pool.query(`UPDATE deliveries SET status = 'held', due_at = NULL WHERE receiver = $1`, [
      endpoint,
    ]);
    expect(await liftPassed(store.pool)).toContain(endpoint);
    expect(await gate()).toBeUndefined();
  });

  test('during a cool-down postpones the next probe', async () => {
    await record(20, PLAIN);
    await age(120);
    await record(1, failure({ kind: 'wait', ms: 100_000 }));
    expect(await gate()).toMatchObject({ reason: 'cooldown', probe: 60_000 });
    expect((await gate())!.shutFor).toBeGreaterThan(99);
  });
});

describe('429 without Retry-After', () => {
  const TOO_MANY = failure({ kind: 'slow_down' });
  const success = (startedAt = new Date(Date.now() + 1_000)) =>
    easeGates(store.pool, [{ receiver: endpoint, projectId: project, startedAt }]);
  const spacing = async () => (await gate())?.spacing;

  test('doubles the distance between requests, up to a minute', async () => {
    const seen = [];
    for (let n = 0; n < 8; n += 1) {
      await record(1, { ...TOO_MANY, startedAt: new Date(Date.now() + 1_000 * n) });
      await store.pool.query(
        `UPDATE receiver_gates SET spacing_changed_at = spacing_changed_at - interval '1 s' WHERE receiver = $1`,
        [endpoint],
      );
      seen.push(await spacing());
    }
    expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('counts once for requests that were under way together', async () => {
    const claims = await underWay(5);
    const records = claims.map((claim) => attemptRecordOf(claim, TOO_MANY));
    await recordAttempts(store.pool, records.slice(0, 2));
    await recordAttempts(store.pool, records.slice(2));
    expect(await spacing()).toBe(1_000);
  });

  test('is forgotten when nothing was sent for an hour', async () => {
    await record(1, TOO_MANY);
    await liftPassed(store.pool);
    expect(await spacing()).toBe(1_000);
    await store.pool.query(
      `UPDATE receiver_gates SET spacing_changed_at = now() - interval '61 minutes' WHERE receiver = $1`,
      [endpoint],
    );
    await liftPassed(store.pool);
    expect(await gate()).toBeUndefined();
  });

  test('relaxes with successes of later requests', async () => {
    await record(1, TOO_MANY);
    await store.pool.query('UPDATE receiver_gates SET spacing_ms = 4000 WHERE receiver = $1', [endpoint]);
    await success(new Date(Date.now() - 60_000));
    expect(await spacing()).toBe(4_000);
    await success();
    expect(await spacing()).toBe(2_000);
    await success();
    expect(await spacing()).toBe(1_000);
    await success();
    expect(await gate()).toBeUndefined();
  });
});

describe('an endpoint that only fails', () => {
  const DAY = 86_400;

  /** It has failed twice, first `ago` seconds ago, and last `ago - span` seconds ago. */
  async function hasFailed(ago: number, span = ago): Promise<void> {
    await record(2, PLAIN);
    await store.pool.query(
      `UPDATE receiver_failures SET first_failure_at = now() - $2 * interval '1 second',
                                    last_failure_at = now() - $3 * interval '1 second' WHERE receiver = $1`,
      [endpoint, ago, ago - span],
    );
  }
  const pass = async () => {
    // Two processes lead for a moment.
    const [one, other] = await Promise.all([disableFailing(store.pool), disableFailing(store.pool)]);
    await Promise.all([warnOfFailing(store.pool), warnOfFailing(store.pool)]);
    return [...one, ...other];
  };

  test('is reported after an hour and after a day, once each, and its recovery with the success', async () => {
    await hasFailed(3_590);
    await pass();
    expect(await told()).toEqual([]);
    await hasFailed(3_610);
    await pass();
    await pass();
    expect(await told()).toEqual([
      {
        type: 'endpoint.failing',
        data: {
          endpoint,
          consumer: null,
          failures: 4,
          firstFailureAt: expect.any(String),
          lastFailureAt: expect.any(String),
        },
      },
    ]);
    await hasFailed(DAY);
    await pass();
    await pass();
    await record(2, DELIVERED);
    await pass();
    expect(await toldTypes()).toEqual(['endpoint.failing', 'endpoint.failing', 'endpoint.recovered']);
    expect((await told())[2]!.data).toMatchObject({ endpoint, failures: 6 });
  });

  test('whose failures nobody was told of recovers silently', async () => {
    await record(5, PLAIN);
    await record(1, DELIVERED);
    expect(await told()).toEqual([]);
  });

  test('is disabled after five days, if the last failure is 12 hours or more after the first', async () => {
    await hasFailed(5 * DAY + 60, 11 * 3_600);
    expect(await pass()).toEqual([]);
    await hasFailed(5 * DAY - 60);
    expect(await pass()).toEqual([]);
    await hasFailed(5 * DAY + 60, 13 * 3_600);
    expect(await pass()).toEqual([endpoint]);

    const { status, disabled_reason, disabled_by } = await store.queryOne(
      'SELECT * FROM endpoints WHERE id = $1',
      [endpoint],
    );
    expect({ status, disabled_reason, disabled_by }).toEqual({
      status: 'disabled',
      disabled_reason: 'failing',
      disabled_by: null,
    });
    expect((await told()).at(-1)).toMatchObject({
      type: 'endpoint.disabled',
      data: { endpoint, reason: 'failing' },
    });
    expect(await pass()).toEqual([]);
    expect((await toldTypes()).filter((type) => type === 'endpoint.disabled')).toHaveLength(1);
  });

  test('is neither reported nor disabled while it is paused, or if the project switched that off', async () => {
    await hasFailed(6 * DAY);
    await store.pool.query(`UPDATE endpoints SET status = 'paused' WHERE id = $1`, [endpoint]);
    expect(await pass()).toEqual([]);
    await store.pool.query(`UPDATE endpoints SET status = 'active' WHERE id = $1`, [endpoint]);
    await withRules({ warnAfter: 0, warnAgainAfter: 0, disableAfter: 0 });
    expect(await pass()).toEqual([]);
    expect(await told()).toEqual([]);
    await withRules({ disableAfter: 7 * DAY, warnAfter: 0 });
    await pass();
    expect(await toldTypes()).toEqual(['endpoint.failing']);
  });
});
