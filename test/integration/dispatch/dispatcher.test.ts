import { createAcceptor } from '../../../src/dispatch/accept/acceptor.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { MAX_DELIVERIES } from '../../../src/policy/workflow-size.ts';
import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import { eventually } from '../../set-up/eventually.ts';
import { acceptEvents } from '../../store/accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import {
  addBacklog,
  countUnowned,
  expectStartLimits,
  type FakeEngine,
  startFakeEngine,
  target,
} from './fake-engine.ts';

let store: SeededStore;
let engine: FakeEngine;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await engine.close();
  await store.drop();
});

test('while workers keep up, each event starts its own workflow at once, under the id of the event', async () => {
  engine = startFakeEngine(store, { claimAfterMs: 1 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
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

test('when workers do not keep up, waiting events share workflows: at most two are unclaimed, or 16 if full', async () => {
  // The third workflow starts beside two that are unclaimed, however slowly events arrive.
  engine = startFakeEngine(store, { firstClaimAt: 3, claimAfterMs: 150 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });

  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: MAX_DELIVERIES + 50 }, () => acceptor.acceptOne(store.draft({ target }))),
    );
  }

  await eventually(() => engine.deliveries().length === 20 * (MAX_DELIVERIES + 50));
  expectStartLimits(engine);
  expect(engine.starts.some(({ before }) => before >= 2)).toBe(true);
});

test('a backlog is assigned in full groups, every delivery once', async () => {
  await addBacklog(store, 20 * MAX_DELIVERIES + 50);
  // Long enough that a 17th start would be seen before the first claim.
  engine = startFakeEngine(store, { firstClaimAt: 16, claimAfterMs: 300 });

  engine.dispatcher.poll();

  await eventually(() => engine.deliveries().length === 20 * MAX_DELIVERIES + 50);
  expectStartLimits(engine);
  expect(Math.max(...engine.starts.map(({ before }) => before))).toBe(15);
  expect(engine.starts.length).toBeLessThan(30);
});

test('a project whose workflows are not claimed leaves start slots to another, whose event starts within a second', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  await Promise.all(Array.from({ length: 3_000 }, () => acceptor.acceptOne(store.draft({ target }))));
  await eventually(() => engine.starts.length >= 15);
  const other = await store.newProject();

  const draft = { ...store.draft({ target }), projectId: other };
  await acceptor.acceptOne(draft);
  const acceptedAt = performance.now();
  await eventually(() => engine.starts.some(({ projectId }) => projectId === other));

  expect(engine.starts.find(({ projectId }) => projectId === other)!.at - acceptedAt).toBeLessThan(1_000);
});

test('two dispatchers on one backlog assign every delivery once', async () => {
  await addBacklog(store, 2_000);
  engine = startFakeEngine(store);
  const other = startFakeEngine(store);

  engine.dispatcher.poll();
  other.dispatcher.poll();
  await eventually(async () => (await countUnowned(store)) === 0);
  await other.close();

  const assigned = [...engine.deliveries(), ...other.deliveries()];
  expect(assigned).toHaveLength(2_000);
  expect(new Set(assigned).size).toBe(2_000);
});

test('projects take turns: small ones do not wait behind a large backlog and do not delay it', async () => {
  const small = await Promise.all(Array.from({ length: 8 }, () => store.newProject()));
  await addBacklog(store, 80 * MAX_DELIVERIES);
  for (const projectId of small) await addBacklog(store, 5, { projectId });
  // Long enough that a busy machine assigns 16 groups before the first of them is claimed.
  engine = startFakeEngine(store, { claimAfterMs: 800 });

  engine.dispatcher.poll();

  await eventually(() => engine.deliveries().length === 80 * MAX_DELIVERIES + 40, 20_000);
  const isLarge = ({ projectId }: Assignment) => projectId === store.project;
  expect(engine.starts.filter((start) => !isLarge(start))).toHaveLength(8); // one each, with all its deliveries
  const last = engine.starts.findLastIndex((start) => !isLarge(start));
  expect(engine.starts.slice(0, last).filter(isLarge).length).toBeLessThan(60);
  const maxUnclaimed = Math.max(...engine.starts.filter(isLarge).map(({ before }) => before));
  expect(maxUnclaimed).toBeGreaterThanOrEqual(15);
  expect(maxUnclaimed).toBeLessThan(32);
});

test('waiting deliveries are not overtaken forever by new events', async () => {
  engine = startFakeEngine(store, { claimAfterMs: 30 });
  const quiet = await store.newProject();
  await addBacklog(store, 5, { projectId: quiet });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  let stopped = false;
  const producers = Array.from({ length: 8 }, async () => {
    while (!stopped) await acceptor.acceptOne(store.draft({ target }));
  });

  await eventually(() => engine.starts.some(({ projectId }) => projectId === quiet));
  stopped = true;
  await Promise.all(producers);
});

test('a group has one policy, and is small if each delivery gets an activity of its own', async () => {
  const short = serializePolicy({ delays: [1, 1], timeout: 5, jitter: 0 });
  await addBacklog(store, 60, { policy: short });
  await addBacklog(store, 30);
  engine = startFakeEngine(store);

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

test('without grouping no workflow has deliveries of two events', async () => {
  engine = startFakeEngine(store, { grouping: 'never', claimAfterMs: 10 });
  for (let i = 0; i < 3; i++) await store.newEndpoint();
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  await acceptEvents(
    store.pool,
    secretBox,
    Array.from({ length: 60 }, () => store.draft()),
  );

  await Promise.all(Array.from({ length: 60 }, () => acceptor.acceptOne(store.draft())));

  await eventually(() => engine.deliveries().length === 360);
  for (const { deliveries, workflowId } of engine.starts) {
    expect(new Set(deliveries.map(({ eventId }) => eventId)).size).toBe(1);
    expect(workflowId).toContain(deliveries[0]!.eventId);
    expect(deliveries).toHaveLength(3);
  }
});

test('an event for many endpoints gets several workflows, each with its own id', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, $2) AS n`,
    [store.project, 4 * MAX_DELIVERIES + 50],
  );
  engine = startFakeEngine(store);
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });

  const draft = store.draft();
  await acceptor.acceptOne(draft);

  await eventually(() => engine.deliveries().length === 4 * MAX_DELIVERIES + 50);
  const ids = engine.starts.map(({ workflowId }) => workflowId);
  expect(ids[0]).toBe(`event/${store.project}/${draft.id}`);
  // The rest, which does not fill a workflow, joins a group that other events may share.
  expect(
    ids.every((id) => id.startsWith(`event/${store.project}/${draft.id}`) || id.startsWith('group/')),
  ).toBe(true);
  expect(new Set(ids).size).toBe(5);
});

test('posts of an event that exists take no start slot', async () => {
  engine = startFakeEngine(store, { claimAfterMs: 5 });
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  const draft = store.draft({ target });
  await acceptor.acceptOne(draft);
  await eventually(() => engine.starts[0]!.at + 50 < performance.now());

  for (let i = 0; i < 5; i++) await acceptor.acceptOne(draft);
  await acceptor.acceptOne(store.draft({ target }));

  expect(engine.starts).toHaveLength(2); // at once, not when a slot expires after 2 s
});

test('a slow receiver gets at most its limit of attempts, and its backlog delays no other receiver', async () => {
  const slow = await store.newEndpoint();
  await store.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, 'prj', now(), 'slow')`,
    [slow],
  );
  await acceptEvents(
    store.pool,
    secretBox,
    Array.from({ length: 400 }, () => store.draft()),
  );
  engine = startFakeEngine(store);

  await eventually(() => engine.deliveries().length === 32);
  expect(engine.starts.every(({ lane }) => lane === 'restricted')).toBe(true);
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts.at(-1)).toMatchObject({ lane: 'fast' });

  const [first] = engine.starts;
  await store.pool.query(
    `UPDATE deliveries SET status = 'delivered', due_at = NULL WHERE id = ANY ($1::text[])`,
    [first!.deliveries.slice(0, 10).map(({ id }) => id)],
  );
  await eventually(() => engine.deliveries().length === 32 + 1 + 10);
});
