import { delayingProxy } from '../../../bench/load/delaying-proxy.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

let posthorn: Installation;
let receiver: Receiver;
let proxy: Awaited<ReturnType<typeof delayingProxy>>;
let busy: Project;
let quiet: Project;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([200]);
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await proxy.close();
  await posthorn.close();
});

/** Each message to Postgres takes `delayMs` more. */
async function start({
  endpoints,
  delayMs = 0,
  env = {},
}: {
  endpoints: number;
  delayMs?: number;
  env?: object;
}) {
  const direct = new URL(posthorn.env.DATABASE_URL!);
  proxy = await delayingProxy(Number(direct.port), delayMs);
  const viaProxy = new URL(direct);
  viaProxy.port = String(proxy.port);
  const all = { DATABASE_URL: viaProxy.toString(), ...env };
  await posthorn.startAll(all);
  busy = await posthorn.api.newProject({});
  quiet = await posthorn.api.newProject({});
  for (let n = 0; n < endpoints; n++) await posthorn.api.newEndpoint(busy, `${receiver.url}/${n}`, ['*']);
  await posthorn.api.newEndpoint(quiet, `${receiver.url}/quiet`, ['*']);
}

const batchOf = (count: number) => ({
  events: Array.from({ length: count }, () => ({ type: 'a.b', data: {} })),
});

/** Seconds until an event of the quiet project is delivered. */
async function quietSeconds(): Promise<number> {
  const began = performance.now();
  const event = await posthorn.api.call<{ status: string }>(quiet.key, 'POST', '/v1/events?wait=60s', {
    type: 'a.b',
    data: {},
  });
  expect(event.status).toBe('delivered');
  return (performance.now() - began) / 1_000;
}

const busyRequests = () => receiver.requests.filter(({ path }) => !path.endsWith('quiet'));

async function expectEachDeliveredOnce(deliveries: number): Promise<void> {
  await eventually(() => busyRequests().length >= deliveries, 120_000);
  const { rows } = await posthorn.pool.query<{ outcome: string; error_code: string | null; n: number }>(
    `SELECT a.outcome, a.error_code, count(*)::int AS n FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
     WHERE d.project_id = $1 GROUP BY 1, 2`,
    [busy.id],
  );
  expect(busyRequests()).toHaveLength(deliveries);
  expect(rows.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
}

test('a batch of 6,000 deliveries is sent without repeats, and does not delay other projects', async () => {
  await start({ endpoints: 100 });

  await posthorn.api.call(busy.key, 'POST', '/v1/events/batch', batchOf(60));
  for (let n = 0; n < 4; n++) expect(await quietSeconds()).toBeLessThan(15);

  await expectEachDeliveredOnce(6_000);
});

test('more than can be delivered, with Postgres 5 ms away and a pool of three, goes out once it stops, each once', async () => {
  await start({ endpoints: 10, delayMs: 5, env: { POSTHORN_DATABASE_POOL: '3' } });

  let accepted = 0;
  for (let n = 0; n < 40; n++) {
    await posthorn.api.call(busy.key, 'POST', '/v1/events/batch', batchOf(12));
    accepted += 12;
  }
  expect(await quietSeconds()).toBeLessThan(15);

  await expectEachDeliveredOnce(accepted * 10);
});
