import type pg from 'pg';
import { createAcceptor } from '../../../src/dispatch/accept/acceptor.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { pausingAtCommit } from '../../store/stopping-pool.ts';
import { countUnowned, type FakeEngine, startFakeEngine, target } from './fake-engine.ts';

let store: SeededStore;
let engine: FakeEngine;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await engine.close();
  await store.drop();
});

test('after a failed start the deliveries are released and start again after a pause', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'fail';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });

  await acceptor.acceptOne(store.draft({ target }));
  await eventually(async () => (await countUnowned(store)) === 1);
  expect(engine.failures).toHaveLength(1);
  engine.behave = 'claim';

  await eventually(() => engine.starts.length === 1);
  expect(engine.starts[0]!.workflowId).toMatch(/^event\/prj_\w+\/evt_\w+\/[0-9a-f-]{36}$/);
});

test('deliveries whose workflow id is in use start under another id, without a pause', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'id in use';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  const refusedAt = performance.now();

  await acceptor.acceptOne(store.draft({ target }));
  await eventually(() => engine.starts.length === 1);

  expect(engine.starts[0]!.workflowId).toMatch(/^event\/prj_\w+\/evt_\w+\/[0-9a-f-]{36}$/);
  expect(engine.starts[0]!.at - refusedAt).toBeLessThan(1_000);
  expect(engine.failures).toEqual([]);
});

test('while Temporal is down nothing is assigned, and everything starts when it is back', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'unavailable';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  for (let i = 0; i < 3; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(await countUnowned(store)).toBe(3);

  engine.behave = 'claim';

  await eventually(() => engine.deliveries().length === 3);
});

test('buffered deliveries are stored with their group, and released by close', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  for (let i = 0; i < 7; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts.length).toBeLessThan(4);
  expect(await countUnowned(store)).toBe(0);

  await engine.dispatcher.close();
  expect(await countUnowned(store)).toBe(7 - engine.deliveries().length);
});

test('deliveries that are committed after close has begun are released, and no part of their group starts', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'never claim';
  const acceptorOn = (pool: pg.Pool) =>
    createAcceptor({ pool, box: secretBox, reserve: engine.dispatcher.reserve });
  for (let i = 0; i < 2; i++) await acceptorOn(store.pool).acceptOne(store.draft({ target }));
  await eventually(() => engine.starts.length === 2);
  const late = [pausingAtCommit(store.pool), pausingAtCommit(store.pool)];
  const accepted = late.map(({ pool }) => acceptorOn(pool).acceptOne(store.draft({ target })));
  await Promise.all(late.map(({ paused }) => paused));

  await engine.dispatcher.close();
  for (const { resume } of late) resume();
  await Promise.all(accepted);

  await eventually(async () => (await countUnowned(store)) === 2);
  expect(engine.starts).toHaveLength(2);
});

test('a workflow that never claims holds its start slot for 2 s', async () => {
  engine = startFakeEngine(store);
  engine.behave = 'never claim';
  const acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: engine.dispatcher.reserve });
  for (let i = 0; i < 3; i++) await acceptor.acceptOne(store.draft({ target }));
  expect(engine.starts).toHaveLength(2);

  await eventually(() => engine.starts.length === 3);

  expect(engine.starts[2]!.at - engine.starts[0]!.at).toBeGreaterThan(1_900);
});
