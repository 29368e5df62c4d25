import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../../store/seed.ts';
import { startTestExpress, type TestExpress, type TestExpressOptions } from './express-set-up.ts';

const receiverThat = receiversPerTest();
let store: SeededStore;
let running: TestExpress | undefined;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await store.drop();
});

const start = async (options?: TestExpressOptions): Promise<TestExpress> => {
  running = await startTestExpress(store, options);
  return running;
};

const deliveryNow = () => store.queryOne('SELECT * FROM deliveries');

const makeDue = () => store.pool.query('UPDATE deliveries SET due_at = now() WHERE due_at IS NOT NULL');

test('a profile that is missing postpones the delivery for a minute, and a workflow delivers it', async () => {
  const { acceptor, express, engine, attemptDue } = await start();
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await acceptor.acceptOne(store.draft({ profile: 'not-there' }));
  await express.close();

  expect(receiver.requests).toHaveLength(0);
  expect(engine.failures).toHaveLength(1);
  const { status, owner, claimed_at, attempts, due_at } = await deliveryNow();
  expect({ status, owner, claimed_at, attempts }).toEqual({
    status: 'pending',
    owner: null,
    claimed_at: null,
    attempts: 0,
  });
  expect(due_at.getTime() - Date.now()).toBeGreaterThan(50_000);
  await store.pool.query(`UPDATE events SET profile = 'standard-webhooks'`);
  await makeDue();
  expect(await attemptDue()).toBe(1);
  expect(receiver.requests).toHaveLength(1);
});

test('a secret that cannot be opened postpones the delivery, and leaves no claim open', async () => {
  const { acceptor, express, engine } = await start({ box: createSecretBox([Buffer.alloc(32, 7)]) });
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await acceptor.acceptOne(store.draft());
  await express.close();

  expect(receiver.requests).toHaveLength(0);
  expect(engine.failures).toHaveLength(1);
  expect(await deliveryNow()).toMatchObject({ status: 'pending', owner: null, claimed_at: null });
  expect(engine.slotsInUse()).toBe(0);
});

test('an error while sending hands the delivery over; the attempt becomes unknown and is repeated', async () => {
  let isBroken = true;
  const { acceptor, express, engine, handedOver, attemptDue } = await start({
    wrapPost: (post) => async (request) => {
      if (isBroken) throw new Error('a defect in Posthorn');
      return post(request);
    },
  });
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await acceptor.acceptOne(store.draft());
  await eventually(() => handedOver.length === 1);
  await express.close();
  expect(engine.failures).toHaveLength(1);
  expect(await deliveryNow()).toMatchObject({ status: 'pending', owner: null });
  isBroken = false;
  expect(await attemptDue()).toBe(1);

  const { rows } = await store.pool.query('SELECT epoch, number, outcome FROM attempts ORDER BY number');
  expect(rows).toEqual([
    { epoch: 1, number: 1, outcome: 'unknown' },
    { epoch: 2, number: 2, outcome: 'delivered' },
  ]);
  expect(await deliveryNow()).toMatchObject({ status: 'delivered', claimed_at: null });
});

test('a request that could not start within a second is released, not sent', async () => {
  const { promise: isLate, resolve: proceed } = Promise.withResolvers<void>();
  const { acceptor, express } = await start({
    wrapPrepare: (prepare) => async (claim) => {
      await isLate;
      return prepare(claim);
    },
  });
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await acceptor.acceptOne(store.draft());
  const acceptedAt = performance.now();
  await eventually(() => performance.now() - acceptedAt > 1_100);
  proceed();
  await express.close();

  expect(receiver.requests).toHaveLength(0);
  expect(await deliveryNow()).toMatchObject({
    status: 'pending',
    owner: null,
    claimed_at: null,
    attempts: 0,
  });
});
