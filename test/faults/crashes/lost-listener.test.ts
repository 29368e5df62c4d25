import { eventually } from '../../set-up/eventually.ts';
import { connectListener, type ListenerClient } from '../../set-up/listener-client.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers, isExpress } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const EVENTS = 10;

let posthorn: Installation;
let project: Project;
let client: ListenerClient;
let listenerId: string;
/** While false, requests stay without a response. */
let responds: boolean;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  responds = false;
});
afterEach(async () => {
  await client.close();
  await endAllProcesses();
  await posthorn.close();
});

const call = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  posthorn.api.call(project.key, method, path, body) as Promise<T>;

async function connect(): Promise<void> {
  project = await posthorn.api.newProject({ timeout: '60s', delays: Array(20).fill('2s') });
  listenerId = (await call<{ id: string }>('POST', '/v1/listeners', { label: 'killed' })).id;
  client = connectListener(posthorn.api.url, project.key, listenerId, () =>
    responds ? { status: 200 } : null,
  );
  type Listeners = { items: { connected: boolean }[] };
  await eventually(async () => (await call<Listeners>('GET', '/v1/listeners')).items[0]!.connected);
}

const postEvents = () =>
  Promise.all(Array.from({ length: EVENTS }, () => call('POST', '/v1/events', { type: 'a.b', data: {} })));

const countOutcomes = async () =>
  (await posthorn.pool.query('SELECT outcome, count(*)::int AS n FROM attempts GROUP BY 1 ORDER BY 1')).rows;

const received = () => new Set(client.requests.map(({ delivery, attempt }) => `${delivery}/${attempt}`));

/** With express attempts, API and worker are one process. */
async function startProcesses(): Promise<{ api: PosthornProcess; worker: PosthornProcess }> {
  if (!isExpress) return { api: await posthorn.startApi(), worker: await posthorn.startWorker() };
  const both = await posthorn.startBoth();
  return { api: both, worker: both };
}

test('a client that has requests when the API is killed connects again and responds, and no attempt is lost', async () => {
  const { api, worker } = await startProcesses();
  await connect();
  await postEvents();
  await client.untilReceived(EVENTS);

  responds = true;
  await api.end('SIGKILL');
  if (worker === api) await posthorn.startBoth();
  else await posthorn.startApi();
  // In one process, the attempts are lost too, and come again.
  if (worker !== api)
    for (const request of client.requests.slice()) await client.respond(request, { status: 200 });

  await untilAllDelivered(posthorn.pool, 90_000);
  const unknown = worker === api ? [{ outcome: 'unknown', n: EVENTS }] : [];
  expect(await countOutcomes()).toEqual([{ outcome: 'delivered', n: EVENTS }, ...unknown]);
  expect(received().size).toBe(worker === api ? 2 * EVENTS : EVENTS);

  // The stream is open again.
  await postEvents();
  await untilAllDelivered(posthorn.pool, 90_000);
});

test('attempts under way when the worker is killed become unknown, and come again with the next number', async () => {
  const { worker } = await startProcesses();
  await connect();
  await postEvents();
  await client.untilReceived(EVENTS);

  responds = true;
  await worker.end('SIGKILL');
  if (isExpress) await posthorn.startBoth();
  else await posthorn.startWorker();

  await untilAllDelivered(posthorn.pool, 90_000);
  expect(await countOutcomes()).toEqual([
    { outcome: 'delivered', n: EVENTS },
    { outcome: 'unknown', n: EVENTS },
  ]);
  const attempts = new Set(client.requests.map(({ attempt }) => attempt));
  expect([...attempts].sort()).toEqual([1, 2]);
  expect(received().size).toBe(2 * EVENTS);
});
