import type pg from 'pg';
import { createAcceptor } from '../../../src/dispatch/acceptor.ts';
import { createDispatcher, type Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import type { InFlightLimiter } from '../../../src/dispatch/in-flight-limiter.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import { acceptEvents } from '../../../src/store/events/accept-events.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET, type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';
import { pausingAtCommit } from '../../store/stopping-pool.ts';

let store: SeededStore;
let engine: FakeEngine;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await engine.close();
  await store.drop();
});

type FakeEngine = {
  dispatcher: Dispatcher;
  /** In the order of their starts, with how many were started and not claimed just before, and not full groups. */
  starts: (Assignment & { before: number; partial: number; at: number })[];
  failures: unknown[];
  /** What happens to each start from now on. */
  behave: 'claim' | 'never claim' | 'refuse' | 'know the id' | 'away';
  deliveries(): string[];
  close(): Promise<void>;
};

/** The engine's worker has any number of slots: what it has under way holds nothing up. */
const OPEN_GATE: InFlightLimiter = {
  hasCapacity: () => true,
  recordDispatched: () => {},
  hasClaimBacklog: () => false,
  refresh: async () => {},
};

/** A dispatcher on an engine that starts every workflow at once, and whose worker claims it some time later. */
function startFakeEngine({ claimAfterMs = 20, grouping = 'auto' as 'auto' | 'never' } = {}): FakeEngine {
  const unclaimed = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const fake: FakeEngine = {
    starts: [],
    failures: [],
    behave: 'claim',
    deliveries: () => fake.starts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)),
    dispatcher: createDispatcher({
      pool: store.pool,
      inFlightLimiter: OPEN_GATE,
      starter: () => (fake.behave === 'away' ? null : start),
      grouping,
      maxPerReceiver: 32,
      onStarted: () => {},
      onFailure: (error) => fake.failures.push(error),
    }),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await fake.dispatcher.close();
    },
  };
  async function start(assignment: Assignment): Promise<'started' | 'id_in_use'> {
    if (fake.behave === 'refuse') throw new Error('no');
    if (fake.behave === 'know the id') {
      fake.behave = 'claim';
      return 'id_in_use';
    }
    const partial = [...unclaimed.values()].filter((size) => size < 100).length;
    fake.starts.push({ ...assignment, before: unclaimed.size, partial, at: performance.now() });
    if (fake.behave === 'never claim') return 'started';
    unclaimed.set(assignment.workflowId, assignment.deliveries.length);
    const timer = setTimeout(() => {
      unclaimed.delete(assignment.workflowId);
      timers.delete(timer);
      fake.dispatcher.recordClaimed([assignment.workflowId]);
    }, claimAfterMs);
    timers.add(timer);
    return 'started';
  }
  return fake;
}

const target = { url: 'http://127.0.0.1:9/', secret: SECRET };

/** Events that wait in Postgres, as they do when they came while no place was free. */
async function backlog(count: number, changes: { projectId?: string; policy?: string } = {}): Promise<void> {
  for (let left = count; left > 0; left -= 500) {
    const drafts = Array.from({ length: Math.min(500, left) }, () => store.draft({ target, ...changes }));
    await acceptEvents(store.pool, secretBox, drafts, () => {});
  }
}

const unowned = async (): Promise<number> =>
  (await store.queryOne<{ n: number }>('SELECT count(*)::int AS n FROM deliveries WHERE owner IS NULL')).n;

const expectTheLaw = (): void => {
  for (const { before, partial, deliveries } of engine.starts) {
    expect(before).toBeLessThan(16);
    if (deliveries.length < 100) expect(partial).toBeLessThan(2);
  }
  expect(new Set(engine.deliveries()).size).toBe(engine.deliveries().length);
};

test('while the engine keeps up, each event starts its own workflow at once, named for it', async () => {
  engine = startFakeEngine({ claimAfterMs: 1 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  const ids: string[] = [];

  for (let i = 0; i < 5; i++) {
    const draft = store.draft({ target });
    ids.push(`event/${store.project}/${draft.id}`);
    await acceptor.acceptOne(draft);
    expect(engine.starts).toHaveLength(i + 1);
    await eventually(() => engine.starts.at(-1)!.at + 20 < performance.now());
  }

  expect(engine.starts.map(({ workflowId }) => workflowId)).toEqual(ids);
});

test('when it does not keep up, events that wait share workflows: two unclaimed at most, or full groups up to sixteen', async () => {
  engine = startFakeEngine({ claimAfterMs: 150 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });

  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 150 }, () => acceptor.acceptOne(store.draft({ target }))));
  }

  await eventually(() => engine.deliveries().length === 3_000);
  expectTheLaw();
  expect(engine.starts.some(({ before }) => before >= 2)).toBe(true);
});

test('a backlog is taken in full groups, every delivery once', async () => {
  await backlog(2_050);
  engine = startFakeEngine({ claimAfterMs: 400 });

  engine.dispatcher.poll();

  await eventually(() => engine.deliveries().length === 2_050);
  expectTheLaw();
  expect(Math.max(...engine.starts.map(({ before }) => before))).toBe(15);
  expect(engine.starts.length).toBeLessThan(30);
});

test('a project whose workflows are not taken up leaves places to another, whose event starts within half a second', async () => {
  engine = startFakeEngine();
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  await Promise.all(Array.from({ length: 3_000 }, () => acceptor.acceptOne(store.draft({ target }))));
  await eventually(() => engine.starts.length >= 15);
  const other = await store.newProject();

  const draft = { ...store.draft({ target }), projectId: other };
  await acceptor.acceptOne(draft);
  const acceptedAt = performance.now();
  await eventually(() => engine.starts.some(({ projectId }) => projectId === other));

  expect(engine.starts.find(({ projectId }) => projectId === other)!.at - acceptedAt).toBeLessThan(1_000);
});

test('two dispatchers on one backlog take every delivery once between them', async () => {
  await backlog(2_000);
  engine = startFakeEngine();
  const other = startFakeEngine();

  engine.dispatcher.poll();
  other.dispatcher.poll();
  await eventually(async () => (await unowned()) === 0);
  await other.close();

  const taken = [...engine.deliveries(), ...other.deliveries()];
  expect(taken).toHaveLength(2_000);
  expect(new Set(taken).size).toBe(2_000);
});

test('projects take turns: small ones do not wait behind a large backlog, nor hold it up', async () => {
  const small = await Promise.all(Array.from({ length: 8 }, () => store.newProject()));
  await backlog(8_000);
  for (const projectId of small) await backlog(5, { projectId });
  // Long enough that a busy machine assigns 16 groups before the first of them is claimed.
  engine = startFakeEngine({ claimAfterMs: 800 });

  engine.dispatcher.poll();

  await eventually(() => engine.deliveries().length === 8_040, 20_000);
  const isLarge = ({ projectId }: Assignment) => projectId === store.project;
  expect(engine.starts.filter((start) => !isLarge(start))).toHaveLength(8); // each once, with all that it had
  const last = engine.starts.findLastIndex((start) => !isLarge(start));
  expect(engine.starts.slice(0, last).filter(isLarge).length).toBeLessThan(60);
  const beside = Math.max(...engine.starts.filter(isLarge).map(({ before }) => before));
  expect(beside).toBeGreaterThanOrEqual(15);
  expect(beside).toBeLessThan(32);
});

test('what waits is not overtaken for ever by what keeps coming', async () => {
  engine = startFakeEngine({ claimAfterMs: 30 });
  const quiet = await store.newProject();
  await backlog(5, { projectId: quiet });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  let stopped = false;
  const producers = Array.from({ length: 8 }, async () => {
    while (!stopped) await acceptor.acceptOne(store.draft({ target }));
  });

  await eventually(() => engine.starts.some(({ projectId }) => projectId === quiet), 5_000);
  stopped = true;
  await Promise.all(producers);
});

test('a group is of one policy, and small where each delivery gets an activity of its own', async () => {
  const short = serializePolicy({ delays: [1, 1], timeout: 5, jitter: 0 });
  await backlog(60, { policy: short });
  await backlog(30);
  engine = startFakeEngine();

  engine.dispatcher.poll();

  await eventually(() => engine.deliveries().length === 90);
  const sizes = engine.starts.map(({ policy, deliveries }) => [policy === short, deliveries.length]);
  expect(sizes.filter(([isShort]) => isShort)).toEqual([
    [true, 25],
    [true, 25],
    [true, 10],
  ]);
  expect(sizes.filter(([isShort]) => !isShort)).toEqual([[false, 30]]);
});

test('with groups off no workflow carries two events', async () => {
  engine = startFakeEngine({ grouping: 'never', claimAfterMs: 10 });
  for (let i = 0; i < 3; i++) await store.newEndpoint();
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  await acceptEvents(
    store.pool,
    secretBox,
    Array.from({ length: 60 }, () => store.draft()),
    () => {},
  );

  await Promise.all(Array.from({ length: 60 }, () => acceptor.acceptOne(store.draft())));

  await eventually(() => engine.deliveries().length === 360);
  for (const { deliveries, workflowId } of engine.starts) {
    expect(new Set(deliveries.map(({ eventId }) => eventId)).size).toBe(1);
    expect(workflowId).toContain(deliveries[0]!.eventId);
    expect(deliveries).toHaveLength(3);
  }
});

test('an event for many endpoints is spread over several workflows, each with an id of its own', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, 450) AS n`,
    [store.project],
  );
  engine = startFakeEngine();
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });

  const draft = store.draft();
  await acceptor.acceptOne(draft);

  await eventually(() => engine.deliveries().length === 450);
  const ids = engine.starts.map(({ workflowId }) => workflowId);
  expect(ids[0]).toBe(`event/${store.project}/${draft.id}`);
  // What does not fill a workflow waits its turn in a group, which others may join.
  expect(
    ids.every((id) => id.startsWith(`event/${store.project}/${draft.id}`) || id.startsWith('group/')),
  ).toBe(true);
  expect(new Set(ids).size).toBe(5);
});

test('posts of an event that is there already take no place', async () => {
  engine = startFakeEngine({ claimAfterMs: 5 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  const draft = store.draft({ target });
  await acceptor.acceptOne(draft);
  await eventually(() => engine.starts[0]!.at + 50 < performance.now());

  for (let i = 0; i < 5; i++) await acceptor.acceptOne(draft);
  await acceptor.acceptOne(store.draft({ target }));

  expect(engine.starts).toHaveLength(2); // at once, not two seconds later
});

test('a receiver that is slow gets at most its room, and its backlog holds up no other', async () => {
  const slow = await store.newEndpoint();
  await store.pool.query(`INSERT INTO receiver_health (receiver, cause) VALUES ($1, 'slow')`, [slow]);
  await acceptEvents(
    store.pool,
    secretBox,
    Array.from({ length: 400 }, () => store.draft()),
    () => {},
  );
  engine = startFakeEngine();

  await eventually(() => engine.deliveries().length === 32);
  expect(engine.starts.every(({ lane }) => lane === 'slow')).toBe(true);
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts.at(-1)).toMatchObject({ lane: 'fast' });

  const [first] = engine.starts;
  await store.pool.query(
    `UPDATE deliveries SET status = 'delivered', due_at = NULL WHERE id = ANY ($1::text[])`,
    [first!.deliveries.slice(0, 10).map(({ id }) => id)],
  );
  await eventually(() => engine.deliveries().length === 32 + 1 + 10);
});

test('a start that fails gives its deliveries back, and they are started again after a pause', async () => {
  engine = startFakeEngine();
  engine.behave = 'refuse';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });

  await acceptor.acceptOne(store.draft({ target }));
  await eventually(async () => (await unowned()) === 1);
  expect(engine.failures).toHaveLength(1);
  engine.behave = 'claim';

  await eventually(() => engine.starts.length === 1);
  expect(engine.starts[0]!.workflowId).toMatch(/^event\/prj_\w+\/evt_\w+\/[0-9a-f-]{36}$/);
});

test('what finds its workflow id taken is started under another, without a pause for the others', async () => {
  engine = startFakeEngine();
  engine.behave = 'know the id';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  const refusedAt = performance.now();

  await acceptor.acceptOne(store.draft({ target }));
  await eventually(() => engine.starts.length === 1);

  expect(engine.starts[0]!.workflowId).toMatch(/^event\/prj_\w+\/evt_\w+\/[0-9a-f-]{36}$/);
  expect(engine.starts[0]!.at - refusedAt).toBeLessThan(1_000);
  expect(engine.failures).toEqual([]);
});

test('while Temporal is away nothing is assigned, and all of it goes on when it is back', async () => {
  engine = startFakeEngine();
  engine.behave = 'away';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  for (let i = 0; i < 3; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(await unowned()).toBe(3);

  engine.behave = 'claim';

  await eventually(() => engine.deliveries().length === 3);
});

test('what waits its turn is stored with its group, and given back by a clean stop', async () => {
  engine = startFakeEngine();
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  for (let i = 0; i < 7; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts.length).toBeLessThan(4);
  expect(await unowned()).toBe(0);

  await engine.dispatcher.close();
  expect(await unowned()).toBe(7 - engine.deliveries().length);
});

test('what is committed after a clean stop has begun is given back, and starts no part of its group', async () => {
  engine = startFakeEngine();
  engine.behave = 'never claim';
  const acceptorOn = (pool: pg.Pool) =>
    createAcceptor({ pool, box: secretBox, dispatcher: engine.dispatcher });
  for (let i = 0; i < 2; i++) await acceptorOn(store.pool).acceptOne(store.draft({ target }));
  await eventually(() => engine.starts.length === 2);
  const late = [pausingAtCommit(store.pool), pausingAtCommit(store.pool)];
  const accepted = late.map(({ pool }) => acceptorOn(pool).acceptOne(store.draft({ target })));
  await Promise.all(late.map(({ paused }) => paused));

  await engine.dispatcher.close();
  for (const { resume } of late) resume();
  await Promise.all(accepted);

  await eventually(async () => (await unowned()) === 2);
  expect(engine.starts).toHaveLength(2);
});

test('a workflow that is never claimed holds its place for two seconds only', async () => {
  engine = startFakeEngine();
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: engine.dispatcher });
  for (let i = 0; i < 3; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts).toHaveLength(2);

  await eventually(() => engine.starts.length === 3, 5_000);

  expect(engine.starts[2]!.at - engine.starts[0]!.at).toBeGreaterThan(1_900);
});
