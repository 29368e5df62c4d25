import { findFreePort } from '../../../src/embedded/free-port.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { type InterruptibleProxy, startInterruptibleProxy } from '../../replay/interruptible-proxy.ts';
import { type ApiClient, apiClient, type Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const EVENTS = 24;
const GOES_ON_WITHIN_MS = 30_000;

let posthorn: Installation;
let receiver: Receiver;
let project: Project;
const proxies: InterruptibleProxy[] = [];

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver();
});
afterEach(async () => {
  await endAllProcesses();
  for (const proxy of proxies.splice(0)) await proxy.close();
  await receiver.close();
  await posthorn.close();
});

type Api = { running: PosthornProcess; client: ApiClient; temporal: InterruptibleProxy };

/** An API process with its own port and its own proxy to Temporal. */
async function startApi(): Promise<Api> {
  const temporal = await startInterruptibleProxy(`http://${posthorn.env.TEMPORAL_ADDRESS}`);
  proxies.push(temporal);
  const port = String(await findFreePort(nonEphemeralPort()));
  const running = await posthorn.startApi({
    POSTHORN_PORT: port,
    TEMPORAL_ADDRESS: new URL(temporal.url).host,
  });
  return {
    running,
    client: apiClient(`http://127.0.0.1:${port}`, posthorn.env.POSTHORN_ADMIN_KEY!),
    temporal,
  };
}

const startLeader = async (): Promise<Api> => {
  const api = await startApi();
  await api.running.untilPrinted(/this process is now the reconciler/);
  return api;
};

/** Kills an API after it has accepted events whose workflows it could not start. */
async function acceptAndDie({ running, client, temporal }: Api): Promise<void> {
  temporal.stall();
  const ids = Array.from({ length: EVENTS }, (_, n) => `left-${n}`);
  await Promise.all(
    ids.map((id) => client.call(project.key, 'POST', '/v1/events', { id, type: 'a.b', data: {} })),
  );
  const { rows } = await posthorn.pool.query('SELECT owner FROM deliveries WHERE owner IS NOT NULL');
  expect(rows.length).toBeGreaterThan(0); // some had their workflow, as far as Postgres knows
  await running.end('SIGKILL');
}

async function expectAllDelivered(withinMs: number): Promise<void> {
  await untilAllDelivered(posthorn.pool, withinMs);
  expect(receiver.requests).toHaveLength(EVENTS);
  const { rows } = await posthorn.pool.query(`SELECT DISTINCT outcome FROM attempts`);
  expect(rows).toEqual([{ outcome: 'delivered' }]);
}

const newProject = async ({ client }: Api): Promise<void> => {
  project = await client.newProject({});
  await client.newEndpoint(project, receiver.url, ['*']);
};

test('events that a killed leader had accepted continue within seconds', async () => {
  const [leader] = [await startLeader(), await posthorn.startWorker()];
  await startApi();
  await newProject(leader);

  await acceptAndDie(leader);

  await expectAllDelivered(GOES_ON_WITHIN_MS);
});

test('a leader that loses only Temporal gives up the lease, and events of a killed process continue within seconds', async () => {
  const [leader] = [await startLeader(), await posthorn.startWorker()];
  const [killed, other] = [await startApi(), await startApi()];
  await newProject(other);
  leader.temporal.interrupt();
  await leader.running.untilPrinted(/this process is no longer the reconciler/, GOES_ON_WITHIN_MS);
  expect((await fetch(`${leader.client.url}/healthz`)).status).toBe(200);

  await acceptAndDie(killed);

  await expectAllDelivered(GOES_ON_WITHIN_MS);
});

test('a leader that is stopped loses the lease, and does not take it back when it continues', async () => {
  const leader = await startLeader();
  const other = await startApi();

  process.kill(leader.running.pid, 'SIGSTOP');
  await other.running.untilPrinted(/this process is now the reconciler/, GOES_ON_WITHIN_MS);
  process.kill(leader.running.pid, 'SIGCONT');

  await leader.running.untilPrinted(/this process is no longer the reconciler/, GOES_ON_WITHIN_MS);
  const { rows } = await posthorn.pool.query(
    `SELECT pid FROM leases JOIN processes ON processes.id = leases.holder WHERE name = 'reconciler'`,
  );
  expect(rows).toEqual([{ pid: other.running.pid }]);
});
