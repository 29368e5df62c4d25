import type pg from 'pg';
import {
  createEndpointStates,
  sweepEndpointStates,
} from '../../../src/dispatch/background/endpoint-states.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { resyncHeld } from '../../../src/store/deliveries/resync-held.ts';
import { cancelOpenDeliveries, markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { changeEndpointState, type EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';
import { insertEndpoint, PlanRequired } from '../../../src/store/endpoints/insert-endpoint.ts';
import { acceptEvents } from '../../../src/store/events/accept-events.ts';
import { deleteConsumer, endpointIdsOfConsumer, putConsumer } from '../../../src/store/projects/consumers.ts';
import { updateProject } from '../../../src/store/projects/projects.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../scale/seed.ts';
import { pausingAtCommit, untilBlocked } from '../stopping-pool.ts';

let store: SeededStore;
let project: string;
let released: number;
const failures: unknown[] = [];

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  project = await store.newProject();
  released = 0;
});
afterEach(() => expect(failures.splice(0)).toEqual([]));
afterAll(() => store.drop());

const deps = () => ({
  pool: store.pool,
  onReleased: () => released++,
  onFailure: (error: unknown) => failures.push(error),
});
/** Its answers wait until all follows, however long that takes. */
const holding = () => createEndpointStates(deps(), Number.POSITIVE_INFINITY);
const scope = () => ({ projectId: project, consumer: null });
const act = (id: string, action: EndpointAction) => holding().changeState(scope(), id, action);
const sweep = (ageMs = 0) => sweepEndpointStates(deps(), new Map(), ageMs);

const endpointRow = (id: string) =>
  store.queryOne('SELECT status, suspended, resync_due_at FROM endpoints WHERE id = $1', [id]);

/** How many deliveries of the project there are of each kind. */
async function kinds(): Promise<Record<string, number>> {
  const { rows } = await store.pool.query(
    `SELECT concat_ws(' ', status, waiting_for, CASE WHEN due_at <= now() THEN 'due' END, owner) AS kind, count(*)::int AS n
     FROM deliveries WHERE project_id = $1 GROUP BY 1`,
    [project],
  );
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}

const accept = (count: number, pool = store.pool, consumer: string | null = null) =>
  acceptEvents(
    pool,
    secretBox,
    Array.from({ length: count }, () => store.draft({ projectId: project, consumer })),
    () => {},
  );

const born = async (owner: string, consumer: string | null = null) =>
  (await store.acceptEvent(owner, { projectId: project, consumer })).ids[0]!;

const setPlans = async (plans: string[] | null) => {
  const { generation } = (await updateProject(store.pool, project, { plans }, () => null))!;
  if (generation !== null) await holding().applyPlans({ projectId: project, consumer: null, generation });
};
const setPlan = async (id: string, plan: string | null) => {
  const { generation } = await putConsumer(store.pool, project, { id, name: null, plan });
  if (generation !== null) await holding().applyPlans({ projectId: project, consumer: id, generation });
};

describe('a state', () => {
  const statuses = ['active', 'paused', 'disabled'] as const;
  test.each<[EndpointAction, (string | null)[]]>([
    ['pause', ['paused', 'paused', null]],
    ['resume', ['active', 'active', null]],
    ['disable', ['disabled', 'disabled', 'disabled']],
    ['enable', ['active', null, 'active']],
  ])('follows from %s and the one before, and what is refused leaves it', async (action, expected) => {
    for (const [place, before] of statuses.entries()) {
      const id = await store.newEndpoint({ project });
      await store.pool.query('UPDATE endpoints SET status = $2 WHERE id = $1', [id, before]);

      const answer = await act(id, action);

      const next = expected[place];
      if (next === null) expect(answer).toEqual({ kind: 'wrong_status', status: before });
      else expect(answer).toMatchObject({ kind: 'done', endpoint: { id, status: next } });
      expect(await endpointRow(id)).toMatchObject({ status: next ?? before, resync_due_at: null });
    }
  });

  test('is not changed by another project or consumer, nor of a deleted endpoint', async () => {
    const id = await store.newEndpoint({ project, consumer: 'acme' });
    const others = [
      { projectId: store.project, consumer: null },
      { projectId: project, consumer: 'globex' },
    ];
    for (const other of others) {
      expect(await holding().changeState(other, id, 'pause')).toEqual({ kind: 'not_found' });
    }
    await markEndpointDeleted(store.pool, project, null, id);
    expect(await act(id, 'pause')).toEqual({ kind: 'not_found' });
  });

  test('that changes again says the reason that holds now, and the weaker one when the stronger is gone', async () => {
    const id = await store.newEndpoint({ project, consumer: 'acme' });
    await act(id, 'pause');
    await accept(2, store.pool, 'acme');
    expect(await kinds()).toEqual({ 'held endpoint_paused': 2 });

    await act(id, 'disable');
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await setPlans(['pro']);
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await act(id, 'enable');
    expect(await kinds()).toEqual({ 'held plan': 2 });
    await setPlan('acme', 'pro');
    expect(await kinds()).toEqual({ 'pending due': 2 });
    expect(released).toBe(1);
  });
});

describe('a resume', () => {
  test('waits for an event that was matched during the pause, and releases it', async () => {
    const id = await store.newEndpoint({ project });
    await act(id, 'pause');
    const ingest = pausingAtCommit(store.pool);
    const accepted = accept(1, ingest.pool);
    await ingest.paused;

    const resumed = act(id, 'resume');
    await untilBlocked(store.pool);
    ingest.resume();
    await Promise.all([accepted, resumed]);

    expect(await kinds()).toEqual({ 'pending due': 1 });
    expect(await endpointRow(id)).toMatchObject({ status: 'active', resync_due_at: null });
  });

  test('waits for a claim that parks because of the pause, and releases what it parked', async () => {
    const id = await store.newEndpoint({ project });
    const delivery = await born('mine');
    await act(id, 'pause');
    const claim = pausingAtCommit(store.pool);
    const parked = resolveUnclaimed(claim.pool, 'mine', [{ id: delivery, step: 0 }]);
    await claim.paused;

    const resumed = act(id, 'resume');
    await untilBlocked(store.pool);
    claim.resume();
    await Promise.all([parked, resumed]);

    expect((await parked).results).toEqual([{ id: delivery, kind: 'released' }]);
    expect(await kinds()).toEqual({ 'pending due': 1 });
  });

  test('lets a claim that comes after it go on, though it found the pause before', async () => {
    const id = await store.newEndpoint({ project });
    const delivery = await born('mine');
    await act(id, 'pause');
    expect(await claimDeliveries(store.pool, 'mine', [{ id: delivery, step: 0 }])).toEqual([]);
    await act(id, 'resume');

    const { claimable } = await resolveUnclaimed(store.pool, 'mine', [{ id: delivery, step: 0 }]);
    expect(await claimDeliveries(store.pool, 'mine', claimable)).toMatchObject([{ id: delivery, epoch: 1 }]);
  });

  test('that is followed by a pause during the release leaves nothing between them, and the next one releases all', async () => {
    const id = await store.newEndpoint({ project });
    await act(id, 'pause');
    await accept(1_200);
    await changeEndpointState(store.pool, scope(), id, 'resume');
    const review = pausingAtCommit(store.pool);
    const batch = resyncHeld(review.pool, id, '');
    await review.paused;
    await changeEndpointState(store.pool, scope(), id, 'pause');
    review.resume();
    await batch;
    expect(await kinds()).toEqual({ 'pending due': 500, 'held endpoint_paused': 700 });
    expect(await resyncHeld(store.pool, id, '')).toEqual({ next: null, released: 0 });

    await Promise.all([act(id, 'resume'), act(id, 'pause'), act(id, 'resume'), act(id, 'resume')]);
    await act(id, 'resume');

    expect(await kinds()).toEqual({ 'pending due': 1_200 });
    expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });

  test('that died over the release is finished by the sweep, once it is old enough, or by the next resume', async () => {
    const ids = [await store.newEndpoint({ project }), await store.newEndpoint({ project })];
    for (const id of ids) await act(id, 'pause');
    await accept(600);
    for (const id of ids) {
      await changeEndpointState(store.pool, scope(), id, 'resume');
      await resyncHeld(store.pool, id, '');
    }
    expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': 200 });

    await sweep(60_000);
    expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': 200 });
    await act(ids[0]!, 'resume');
    expect(await kinds()).toEqual({ 'pending due': 1_100, 'held endpoint_paused': 100 });
    await sweep();

    expect(await kinds()).toEqual({ 'pending due': 1_200 });
    for (const id of ids) expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });

  describe('of what is more than a batch', () => {
    const COUNT = 1_700;
    let id: string;
    let blocker: pg.PoolClient;

    // The second batch waits for a row of it.
    beforeEach(async () => {
      id = await store.newEndpoint({ project });
      await act(id, 'pause');
      await accept(COUNT);
      blocker = await store.pool.connect();
      await blocker.query('BEGIN');
      await blocker.query(
        'SELECT FROM deliveries WHERE id = (SELECT id FROM deliveries WHERE endpoint_id = $1 ORDER BY id OFFSET 700 LIMIT 1) FOR UPDATE',
        [id],
      );
    });
    const goOn = async () => {
      await blocker.query('ROLLBACK');
      blocker.release();
    };

    test('answers before all is released, and goes on with it', async () => {
      const inTheBackground = createEndpointStates(deps(), 0);
      expect(await inTheBackground.changeState(scope(), id, 'resume')).toMatchObject({ kind: 'done' });
      expect(await kinds()).toEqual({ 'pending due': 500, 'held endpoint_paused': COUNT - 500 });
      expect((await endpointRow(id)).resync_due_at).not.toBeNull();

      await goOn();
      await eventually(async () => (await endpointRow(id)).resync_due_at === null);
      expect(await kinds()).toEqual({ 'pending due': COUNT });
      expect(released).toBe(4);
      await inTheBackground.close();
    });

    test('ends with its batch at a close, and the sweep finishes it', async () => {
      const closing = createEndpointStates(deps(), 0);
      await closing.changeState(scope(), id, 'resume');
      const closed = closing.close();
      await goOn();
      await closed;
      expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': COUNT - 1_000 });

      await sweep();
      expect(await kinds()).toEqual({ 'pending due': COUNT });
    });

    test('gives way to the pause that follows it', async () => {
      const inTheBackground = createEndpointStates(deps(), 0);
      await inTheBackground.changeState(scope(), id, 'resume');
      await changeEndpointState(store.pool, scope(), id, 'disable');
      await goOn();
      await inTheBackground.changeState(scope(), id, 'disable');
      await eventually(async () => (await endpointRow(id)).resync_due_at === null);

      const { 'pending due': due = 0, ...rest } = await kinds();
      expect(due).toBeGreaterThanOrEqual(500);
      expect(rest).toEqual({ 'held endpoint_disabled': COUNT - due });
      await inTheBackground.close();
    });
  });

  test('that fails in the sweep is told of, and keeps no other waiting', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await store.newEndpoint({ project }));
    for (const id of ids) await act(id, 'pause');
    await accept(1);
    for (const id of ids) await changeEndpointState(store.pool, scope(), id, 'resume');
    await store.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not these'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON deliveries
      FOR EACH ROW WHEN (OLD.endpoint_id = '${ids[0]}') EXECUTE FUNCTION refuse()`);

    await sweep();
    expect(failures.splice(0)).toMatchObject([{ message: 'not these' }]);
    expect(await kinds()).toEqual({ 'pending due': 2, 'held endpoint_paused': 1 });

    await store.pool.query('DROP FUNCTION refuse CASCADE');
    await sweep();
    expect(await kinds()).toEqual({ 'pending due': 3 });
  });

  test('meets a deletion: all is cancelled, and nothing goes on', async () => {
    const id = await store.newEndpoint({ project });
    await act(id, 'pause');
    await accept(700);
    await changeEndpointState(store.pool, scope(), id, 'resume');
    const review = pausingAtCommit(store.pool);
    const batch = resyncHeld(review.pool, id, '');
    await review.paused;

    const deleted = markEndpointDeleted(store.pool, project, null, id);
    await untilBlocked(store.pool);
    review.resume();
    await Promise.all([batch, deleted]);
    expect(await resyncHeld(store.pool, id, '')).toEqual({ next: null, released: 0 });
    for (let next: string | null = ''; next !== null; )
      next = (await cancelOpenDeliveries(store.pool, id, next)).next;
    await sweep();

    expect(await kinds()).toEqual({ cancelled: 700 });
  });

  test('releases at the step and with the attempts that a delivery has had, and in the lane of its receiver', async () => {
    const id = await store.newEndpoint({ project });
    const [tried, alone] = [await born('mine'), await born('mine')];
    await store.pool.query(
      `UPDATE deliveries SET status = 'retrying', step = 2, attempts = 2, lane = CASE WHEN id = $2 THEN 'isolated' ELSE lane END
       WHERE id = ANY ($1)`,
      [[tried, alone], alone],
    );
    await act(id, 'disable');
    await resolveUnclaimed(store.pool, 'mine', [
      { id: tried, step: 2 },
      { id: alone, step: 2 },
    ]);
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await store.pool.query(`INSERT INTO receiver_health (receiver, cause) VALUES ($1, 'slow')`, [id]);

    await act(id, 'enable');

    const rest = { status: 'retrying', step: 2, attempts: 2, waiting_for: null, owner: null };
    expect(await store.deliveryOf(tried)).toMatchObject({ ...rest, lane: 'slow' });
    expect(await store.deliveryOf(alone)).toMatchObject({ ...rest, lane: 'isolated' });
  });

  test('leaves alone what is held for a reason that is not the endpoint', async () => {
    const id = await store.newEndpoint({ project });
    await act(id, 'pause');
    await accept(1);
    await store.pool.query(`UPDATE deliveries SET waiting_for = 'something_else' WHERE project_id = $1`, [
      project,
    ]);
    await act(id, 'resume');
    expect(await kinds()).toEqual({ 'held something_else': 1 });
    expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });
});

describe('plans', () => {
  const newEndpoint = (consumer: string, pool = store.pool) =>
    insertEndpoint(pool, {
      id: `ep_${Math.random().toString(36).slice(2)}`,
      projectId: project,
      consumer,
      url: 'http://127.0.0.1:9/',
      events: ['*'],
      description: null,
      headers: null,
      secrets: Buffer.alloc(1),
    });
  const suspended = async () =>
    (
      await store.pool.query(
        `SELECT consumer, count(*) FILTER (WHERE suspended = 'plan')::int AS n FROM endpoints
         WHERE project_id = $1 AND status <> 'deleted' GROUP BY consumer ORDER BY consumer`,
        [project],
      )
    ).rows.map(({ consumer, n }) => `${consumer} ${n}`);

  test('refuse an endpoint, and make no consumer for it', async () => {
    await setPlans(['pro', 'business']);

    await expect(newEndpoint('new')).rejects.toMatchObject({ plan: 'free', plans: ['pro', 'business'] });
    await expect(newEndpoint('new')).rejects.toBeInstanceOf(PlanRequired);
    const { n } = await store.queryOne('SELECT count(*)::int AS n FROM consumers WHERE project_id = $1', [
      project,
    ]);
    expect(n).toBe(0);
    await setPlans(['free']);
    await newEndpoint('new');
  });

  test('that change while an endpoint is registered withhold it', async () => {
    await setPlans(['pro']);
    await setPlan('acme', 'pro');
    const registration = pausingAtCommit(store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;

    const lowered = setPlan('acme', 'free');
    await untilBlocked(store.pool);
    registration.resume();
    await Promise.all([registered, lowered]);
    expect(await suspended()).toEqual(['acme 1']);
  });

  test('of a project that change while an endpoint is registered withhold it', async () => {
    const registration = pausingAtCommit(store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;

    const changed = setPlans(['pro']);
    await untilBlocked(store.pool);
    registration.resume();
    await Promise.all([registered, changed]);
    expect(await suspended()).toEqual(['acme 1']);
  });

  test('of hundreds of endpoints change in small transactions, and those without a consumer need none', async () => {
    await store.newEndpoint({ project });
    await store.pool.query(
      `INSERT INTO endpoints (id, project_id, consumer, url, events)
       SELECT 'ep_many_' || n, $1, 'consumer-' || n % 100, 'http://127.0.0.1:9/', '{never}'
       FROM generate_series(1, 950) AS n`,
      [project],
    );
    for (const id of ['consumer-1', 'consumer-2']) await setPlan(id, 'pro');

    await setPlans(['pro']);
    const { free, bound } = await store.queryOne(
      `SELECT count(*) FILTER (WHERE suspended IS NULL)::int AS free, count(suspended)::int AS bound
       FROM endpoints WHERE project_id = $1`,
      [project],
    );
    expect({ free, bound }).toEqual({ free: 1 + 20, bound: 930 });
    await setPlans(null);
    expect((await suspended()).filter((one) => !one.endsWith(' 0'))).toEqual([]);
    expect(await store.queryOne('SELECT plans_apply_due_at FROM projects WHERE id = $1', [project])).toEqual({
      plans_apply_due_at: null,
    });
  });

  test('that were changed by a process that died are followed when the sweep finds them', async () => {
    await setPlan('acme', 'pro');
    const id = (await newEndpoint('acme')).id;
    await accept(2, store.pool, 'acme');
    await updateProject(store.pool, project, { plans: ['business'] }, () => null);
    expect(await endpointRow(id)).toMatchObject({ suspended: null });
    await sweep();
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });

    await putConsumer(store.pool, project, { id: 'acme', name: null, plan: 'business' });
    await sweep(60_000);
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });
    await sweep();
    expect(await endpointRow(id)).toMatchObject({ suspended: null });
    expect(
      await store.queryOne('SELECT plan_apply_due_at FROM consumers WHERE project_id = $1', [project]),
    ).toEqual({
      plan_apply_due_at: null,
    });
  });

  test('that a new version of a profile names are put in force, save where the project has its own', async () => {
    const own = await store.newProject();
    await updateProject(store.pool, own, { plans: ['gold'] }, () => null);
    await store.pool.query(`UPDATE projects SET profile = 'changed' WHERE id = ANY ($1)`, [[project, own]]);
    const id = (await newEndpoint('acme')).id;
    const versions = new Map([
      ['changed', ['pro', 'business']],
      ['standard-webhooks', null],
    ]);

    await sweepEndpointStates(deps(), versions, 0);

    const inForce = async (project: string) =>
      (await store.queryOne('SELECT plans_in_force FROM projects WHERE id = $1', [project])).plans_in_force;
    expect(await inForce(project)).toEqual(['pro', 'business']);
    expect(await inForce(own)).toEqual(['gold']);
    expect(await inForce(store.project)).toBeNull();
    expect(await endpointRow(id)).toMatchObject({ suspended: 'plan' });
  });

  test('that go up and down at the same time end as the last says', async () => {
    await setPlans(['pro']);
    await setPlan('acme', 'pro');
    for (let n = 0; n < 5; n++) await newEndpoint('acme');
    for (let round = 0; round < 10; round++) {
      await Promise.all(['pro', 'free', 'pro', 'free'].map((plan) => setPlan('acme', plan)));
      const { plan } = await store.queryOne('SELECT plan FROM consumers WHERE project_id = $1', [project]);
      expect(await suspended()).toEqual([plan === 'pro' ? 'acme 0' : 'acme 5']);
    }
  });

  test('do not let ingest and a change of the plan wait for each other', async () => {
    await setPlan('acme', 'pro');
    await newEndpoint('acme');
    const before = await deadlocks();
    await Promise.all([
      ...Array.from({ length: 20 }, () => accept(5, store.pool, 'acme')),
      (async () => {
        for (let n = 0; n < 10; n++) {
          await setPlans(n % 2 === 0 ? ['gold'] : null);
          await setPlan('acme', n % 2 === 0 ? 'gold' : 'pro');
        }
      })(),
    ]);
    expect(await deadlocks()).toBe(before);
  });

  test('go with a consumer that is deleted, and one who registers meanwhile is not left without', async () => {
    await setPlan('acme', 'pro');
    await setPlans(['pro']);
    const registration = pausingAtCommit(store.pool);
    const registered = newEndpoint('acme', registration.pool);
    await registration.paused;
    expect(await endpointIdsOfConsumer(store.pool, project, 'acme')).toEqual([]);

    const deleted = deleteConsumer(store.pool, project, 'acme');
    await untilBlocked(store.pool);
    registration.resume();

    await registered;
    expect(await deleted).toBe(false);
    expect(await endpointIdsOfConsumer(store.pool, project, 'acme')).toHaveLength(1);
  });
});

async function deadlocks(): Promise<string> {
  const { deadlocks } = await store.queryOne<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  return deadlocks;
}
