import { sweepEndpointStates } from '../../../src/background/endpoint-states.ts';
import { insertEndpoint, PlanRequired } from '../../../src/store/endpoints/insert-endpoint.ts';
import { inTransaction } from '../../../src/store/postgres/database.ts';
import { deleteConsumer, endpointIdsOfConsumer, putConsumer } from '../../../src/store/projects/consumers.ts';
import { updateProject } from '../../../src/store/projects/projects.ts';
import { disableFailing } from '../../../src/store/receivers/failures/failure-alerts.ts';
import { pausingAtCommit, untilBlocked } from '../stopping-pool.ts';
import { useEndpointStates } from './endpoint-states-set-up.ts';

const suite = useEndpointStates();
const { deps, sweep, endpointRow, accept, setPlans, setPlan } = suite;

describe('the plans of a project', () => {
  const newEndpoint = (consumer: string, pool = suite.store.pool) =>
    inTransaction(pool, (client) =>
      insertEndpoint(client, {
        id: `ep_${Math.random().toString(36).slice(2)}`,
        projectId: suite.project,
        consumer,
        url: 'http://127.0.0.1:9/',
        events: ['*'],
        description: null,
        headers: null,
        secrets: Buffer.alloc(1),
      }),
    );
  const suspended = async () =>
    (
      await suite.store.pool.query(
        `SELECT consumer, count(*) FILTER (WHERE suspended = 'plan')::int AS n FROM endpoints
         WHERE project_id = $1 AND status <> 'deleted' GROUP BY consumer ORDER BY consumer`,
        [suite.project],
      )
    ).rows.map(({ consumer, n }) => `${consumer} ${n}`);

  test('exclude an endpoint, and its consumer is not created', async () => {
    await setPlans(['pro', 'business']);

    await expect(newEndpoint('new')).rejects.toMatchObject({ plan: 'free', plans: ['pro', 'business'] });
    await expect(newEndpoint('new')).rejects.toBeInstanceOf(PlanRequired);
    const { n } = await suite.store.queryOne(
      'SELECT count(*)::int AS n FROM consumers WHERE project_id = $1',
      [suite.project],
    );
    expect(n).toBe(0);
    await setPlans(['free']);
    await newEndpoint('new');
  });

  test('suspend an endpoint that is registered while its consumer loses the plan', async () => {
    await setPlans(['pro']);
    await setPlan('acme', 'pro');
    const registration = pausingAtCommit(suite.store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;

    const lowered = setPlan('acme', 'free');
    await untilBlocked(suite.store.pool);
    registration.resume();
    await Promise.all([registered, lowered]);
    expect(await suspended()).toEqual(['acme 1']);
  });

  test('suspend an endpoint that is registered while they change', async () => {
    const registration = pausingAtCommit(suite.store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;

    const changed = setPlans(['pro']);
    await untilBlocked(suite.store.pool);
    registration.resume();
    await Promise.all([registered, changed]);
    expect(await suspended()).toEqual(['acme 1']);
  });

  test('apply to hundreds of endpoints, and not to one without a consumer', async () => {
    await suite.store.newEndpoint({ project: suite.project });
    await suite.store.pool.query(
      `INSERT INTO endpoints (id, project_id, consumer, url, events)
       SELECT 'ep_many_' || n, $1, 'consumer-' || n % 100, 'http://127.0.0.1:9/', '{never}'
       FROM generate_series(1, 950) AS n`,
      [suite.project],
    );
    for (const id of ['consumer-1', 'consumer-2']) await setPlan(id, 'pro');

    await setPlans(['pro']);
    const { active, excluded } = await suite.store.queryOne(
      `SELECT count(*) FILTER (WHERE suspended IS NULL)::int AS active, count(suspended)::int AS excluded
       FROM endpoints WHERE project_id = $1`,
      [suite.project],
    );
    expect({ active, excluded }).toEqual({ active: 1 + 20, excluded: 930 });
    await setPlans(null);
    expect((await suspended()).filter((one) => !one.endsWith(' 0'))).toEqual([]);
    expect(
      await suite.store.queryOne('SELECT plans_apply_due_at FROM projects WHERE id = $1', [suite.project]),
    ).toEqual({
      plans_apply_due_at: null,
    });
  });

  test('that include webhooks again forget how the endpoint failed and what it asked for before', async () => {
    await setPlans(['pro']);
    await setPlan('acme', 'pro');
    const { id } = await newEndpoint('acme');
    const { pool } = suite.store;
    const known = async () => {
      const { rows } = await pool.query(
        `SELECT 'failures' AS what FROM receiver_failures WHERE receiver = $1
         UNION ALL SELECT 'gate' FROM receiver_gates WHERE receiver = $1`,
        [id],
      );
      return rows.map(({ what }) => what);
    };
    await pool.query(
      `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
       VALUES ($1, $2, 30, now() - interval '20 days', now() - interval '15 days')`,
      [id, suite.project],
    );
    await pool.query(
      `INSERT INTO receiver_gates (receiver, project_id, not_before, not_before_reason, probe_interval_ms)
       VALUES ($1, $2, now() + interval '5 minutes', 'cooldown', 300000)`,
      [id, suite.project],
    );
    await setPlan('acme', 'free');
    expect(await known()).toEqual(['failures', 'gate']);

    await setPlan('acme', 'pro');

    expect(await known()).toEqual([]);
    // Otherwise it would be disabled for failures from before.
    expect(await disableFailing(pool)).toEqual([]);
  });

  test('are applied by the sweep if the process that changed them has crashed', async () => {
    await setPlan('acme', 'pro');
    const id = (await newEndpoint('acme')).id;
    await accept(2, suite.store.pool, 'acme');
    await updateProject(suite.store.pool, suite.project, { plans: ['business'] }, () => null);
    expect(await endpointRow(id)).toMatchObject({ suspended: null });
    await sweep();
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });

    await putConsumer(suite.store.pool, suite.project, { id: 'acme', name: null, plan: 'business' });
    await sweep(60_000);
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });
    await sweep();
    expect(await endpointRow(id)).toMatchObject({ suspended: null });
    expect(
      await suite.store.queryOne('SELECT plan_apply_due_at FROM consumers WHERE project_id = $1', [
        suite.project,
      ]),
    ).toEqual({
      plan_apply_due_at: null,
    });
  });

  test('change with a new version of the profile, unless the project has plans of its own', async () => {
    const withOwnPlans = await suite.store.newProject();
    await updateProject(suite.store.pool, withOwnPlans, { plans: ['gold'] }, () => null);
    await suite.store.pool.query(`UPDATE projects SET profile = 'changed' WHERE id = ANY ($1)`, [
      [suite.project, withOwnPlans],
    ]);
    const id = (await newEndpoint('acme')).id;
    const versions = new Map([
      ['changed', ['pro', 'business']],
      ['standard-webhooks', null],
    ]);

    await sweepEndpointStates(deps(), versions, 0);

    const inForce = async (id: string) =>
      (await suite.store.queryOne('SELECT plans_in_force FROM projects WHERE id = $1', [id])).plans_in_force;
    expect(await inForce(suite.project)).toEqual(['pro', 'business']);
    expect(await inForce(withOwnPlans)).toEqual(['gold']);
    expect(await inForce(suite.store.project)).toBeNull();
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });
  });

  test('apply as last set, after concurrent changes of a consumer’s plan', async () => {
    await setPlans(['pro']);
    await setPlan('acme', 'pro');
    for (let n = 0; n < 5; n++) await newEndpoint('acme');
    for (let round = 0; round < 10; round++) {
      await Promise.all(['pro', 'free', 'pro', 'free'].map((plan) => setPlan('acme', plan)));
      const { plan } = await suite.store.queryOne('SELECT plan FROM consumers WHERE project_id = $1', [
        suite.project,
      ]);
      expect(await suspended()).toEqual([plan === 'pro' ? 'acme 0' : 'acme 5']);
    }
  });

  test('change without deadlocks while events are accepted', async () => {
    await setPlan('acme', 'pro');
    await newEndpoint('acme');
    const before = await deadlocks();
    await Promise.all([
      ...Array.from({ length: 20 }, () => accept(5, suite.store.pool, 'acme')),
      (async () => {
        for (let n = 0; n < 10; n++) {
          await setPlans(n % 2 === 0 ? ['gold'] : null);
          await setPlan('acme', n % 2 === 0 ? 'gold' : 'pro');
        }
      })(),
    ]);
    expect(await deadlocks()).toBe(before);
  });

  test('are needed by an endpoint that is registered while its consumer is deleted, so the consumer stays', async () => {
    await setPlan('acme', 'pro');
    await setPlans(['pro']);
    const registration = pausingAtCommit(suite.store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;
    expect(await endpointIdsOfConsumer(suite.store.pool, suite.project, 'acme')).toEqual([]);

    const deleted = deleteConsumer(suite.store.pool, suite.project, 'acme');
    await untilBlocked(suite.store.pool);
    registration.resume();

    await registered;
    expect(await deleted).toBe(false);
    expect(await endpointIdsOfConsumer(suite.store.pool, suite.project, 'acme')).toHaveLength(1);
  });
});

async function deadlocks(): Promise<string> {
  const { deadlocks } = await suite.store.queryOne<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  return deadlocks;
}
