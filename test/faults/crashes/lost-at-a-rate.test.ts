import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { mostWithin } from '../../set-up/most-within.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

/* The only worker is killed with SIGKILL while deliveries go out evenly, and another one starts. */

const PER_SECOND = 20;
const EVENTS = 120;

let posthorn: Installation;
let project: Project;
let receiver: Receiver;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([200]);
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

const call = <T>(method: string, path: string, body?: unknown) =>
  posthorn.api.call<T>(project.key, method, path, body);

async function postBatch(): Promise<string[]> {
  const events = Array.from({ length: EVENTS }, () => ({ type: 'a.b', data: {} }));
  const { items } = await call<{ items: { id: string }[] }>('POST', '/v1/events/batch', { events });
  return items.map(({ id }) => id);
}

/** Kills the worker after 30 requests, and starts another 6 s later. Returns when all events are delivered. */
async function killInTheMiddle(worker: PosthornProcess): Promise<void> {
  await receiver.untilReceived(30);
  await worker.end('SIGKILL');
  const diedAt = Date.now();
  await eventually(() => Date.now() - diedAt > 6_000);
  await posthorn.startWorker();
  await eventually(async () => {
    const { rows } = await posthorn.pool.query(`SELECT FROM deliveries WHERE status <> 'delivered' LIMIT 1`);
    return rows.length === 0;
  }, 90_000);
}

/** Nothing is lost, and only what was under way when the worker died may be sent twice. */
async function expectEvenly(ids: string[]): Promise<void> {
  const sent = receiver.requests.map(({ headers }) => headers['webhook-id'] as string);
  expect(new Set(sent)).toEqual(new Set(ids));
  const { rows } = await posthorn.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM attempts WHERE outcome = 'unknown'`,
  );
  expect(sent.length - EVENTS).toBeLessThanOrEqual(rows[0]!.n);
  const { rows: gaps } = await posthorn.pool.query(
    `SELECT delivery_id FROM attempts GROUP BY 1 HAVING max(number) <> count(*)`,
  );
  expect(gaps).toEqual([]);
  // A permit is used up to half a second late, a request may be on its way for another half on a busy machine, and half a
  // second is made up for. A worker that sent at once what had become overdue would exceed both.
  const times = receiver.requests.map(({ receivedAt }) => receivedAt);
  expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(PER_SECOND * 2.5);
  expect(mostWithin(times, 3_000)).toBeLessThanOrEqual(PER_SECOND * 4.5);
}

test('an endpoint with a rate gets no burst after its worker was killed, and each event', async () => {
  await posthorn.startApi();
  const worker = await posthorn.startWorker();
  project = await posthorn.api.newProject({ timeout: '10s' });
  const rate = { limit: PER_SECOND, per: 'second' };
  await call('POST', '/v1/endpoints', { url: receiver.url, events: ['a.b'], rate });

  const ids = await postBatch();
  await killInTheMiddle(worker);

  await expectEvenly(ids);
});

test('what was held during a pause goes on evenly after the worker was killed', async () => {
  await posthorn.startApi();
  const worker = await posthorn.startWorker();
  project = await posthorn.api.newProject({ timeout: '10s' });
  const { id } = await posthorn.api.newEndpoint(project, receiver.url, ['a.b']);
  await call('POST', `/v1/endpoints/${id}/pause`);
  const ids = await postBatch();

  await call('POST', `/v1/endpoints/${id}/resume`);
  await killInTheMiddle(worker);

  await expectEvenly(ids);
  await eventually(
    async () => (await posthorn.pool.query('SELECT FROM receiver_gates')).rows.length === 0,
    10_000,
  );
});
