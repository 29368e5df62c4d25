import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { createEgressProxy, type EgressProxyOptions } from '../../../src/egress/proxy/egress-proxy.ts';
import { createNoProxy } from '../../../src/egress/proxy/no-proxy.ts';
import { type ConnectProxy, type ProxyStep, startConnectProxy } from '../../receivers/connect-proxy.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import {
  deadlineIn,
  deliverToEach,
  firstSteps,
  startTestEngine,
  type TestEngine,
} from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
let proxy: ConnectProxy;
const receiverThat = receiversPerTest();

function startEngine(proxyOptions: Partial<EgressProxyOptions> = {}): void {
  const address = { host: '127.0.0.1', port: proxy.port, secure: false };
  engine = startTestEngine(store.pool, secretBox, {
    outboundOptions: {
      guard: createAddressGuard([]),
      lookup: async () => ['203.0.114.1'],
      quietPeriodMs: 0,
      proxy: createEgressProxy({ address, bypasses: createNoProxy([]), ...proxyOptions }),
    },
  });
}

beforeEach(async () => {
  store = await seedStore();
  proxy = await startConnectProxy();
});
afterEach(async () => {
  await engine.close();
  await proxy.close();
  await store.drop();
});

const run = (ids: string[]) => engine.run(firstSteps(ids), 'mine', deadlineIn(20_000));

test.each<[string, ProxyStep, Partial<EgressProxyOptions>]>([
  ['rejects its password', { status: 407 }, {}],
  ['responds 502', { status: 502 }, {}],
  ['is silent for longer than a receiver that counts as slow', 'silent', { tunnelTimeoutMs: 1_500 }],
])('a proxy that %s costs a delivery no attempt and its receiver nothing', async (_case, step, options) => {
  startEngine(options);
  const receiver = await receiverThat(200);
  const [id] = await deliverToEach(store, [`http://receiver.example:${receiver.port}/`]);
  proxy.answer = () => step;

  const { results } = await run([id!]);

  expect(results).toEqual([{ id, kind: 'released' }]);
  expect(await store.attemptsOf(id!)).toEqual([]);
  expect(await store.deliveryOf(id!)).toMatchObject({
    status: 'pending',
    step: 0,
    attempts: 0,
    lane: 'fast',
    claimed_at: null,
    owner: null,
  });
  const { seconds } = await store.queryOne<{ seconds: number }>(
    'SELECT extract(epoch FROM due_at - now())::float AS seconds FROM deliveries WHERE id = $1',
    [id],
  );
  expect(seconds).toBeLessThanOrEqual(5);
  expect(engine.receiverReports).toEqual([]);
  expect(engine.failures).toEqual([]);
  expect(engine.slotsInUse()).toBe(0);
  expect(receiver.requests).toEqual([]);
});

test('a request that may have been sent over a broken tunnel becomes an unknown attempt', async () => {
  startEngine();
  let isDropping = false;
  const receiver = await receiverThat((_request, response) => {
    if (isDropping) receiver.dropConnections();
    else response.writeHead(200).end();
  });
  const url = `http://receiver.example:${receiver.port}/`;
  await store.newEndpoint({ url });
  const deliver = async () => (await store.acceptEvent('mine')).ids;
  await run(await deliver());
  await run(await deliver());
  const ids = await deliver();
  isDropping = true;
  proxy.answer = () => ({ status: 502 });

  expect((await run(ids)).results).toMatchObject([{ id: ids[0], kind: 'waiting', step: 0 }]);
  expect(await store.attemptsOf(ids[0]!)).toEqual([]);

  isDropping = false;
  proxy.answer = () => 'tunnel';
  expect((await run(ids)).results).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect(await store.attemptsOf(ids[0]!)).toMatchObject([{ outcome: 'unknown' }, { outcome: 'delivered' }]);
});
