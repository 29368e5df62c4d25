import { pendingResponse } from '../../receivers/pending-response.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

/* Processes are killed with SIGKILL between what a receiver says and what follows from it. */

let posthorn: Installation;
let project: Project;
const receivers: Receiver[] = [];

beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  for (const receiver of receivers.splice(0)) await receiver.close();
  await posthorn.close();
});

async function receiverThat(...script: ScriptStep[]): Promise<Receiver> {
  const receiver = await startReceiver(script);
  receivers.push(receiver);
  return receiver;
}

const patch = (settings: object) => posthorn.api.call(project.key, 'PATCH', '/v1/project', settings);
const post = (count: number) =>
  Promise.all(
    Array.from({ length: count }, () =>
      posthorn.api.call<{ id: string }>(project.key, 'POST', '/v1/events', { type: 'a.b', data: {} }),
    ),
  );

async function deliveries(): Promise<string[]> {
  const { rows } = await posthorn.pool.query(
    `SELECT concat_ws(' ', status, reason) AS state FROM deliveries ORDER BY id`,
  );
  return rows.map(({ state }) => state);
}
const areAll = async (state: string): Promise<boolean> =>
  (await deliveries()).every((found) => found === state);

const told = async (): Promise<string[]> =>
  (await posthorn.pool.query('SELECT type FROM operational_events ORDER BY created_at')).rows.map(
    ({ type }) => type,
  );

/** Attempts of each delivery, without gaps in their numbers. */
async function attemptNumbers(): Promise<number[][]> {
  const { rows } = await posthorn.pool.query<{ numbers: number[] }>(
    `SELECT array_agg(a.number ORDER BY a.number) AS numbers
     FROM deliveries d JOIN attempts a ON a.delivery_id = d.id GROUP BY d.id ORDER BY d.id`,
  );
  return rows.map(({ numbers }) => numbers);
}

test('open deliveries of an endpoint that is gone end, although every process dies after the 410', async () => {
  const gone = pendingResponse();
  const receiver = await receiverThat(...Array<ScriptStep>(20).fill(500), gone.step);
  const api = await posthorn.startApi();
  const worker = await posthorn.startWorker();
  project = await posthorn.api.newProject({ delays: ['1h'] });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await post(20);
  await eventually(() => areAll('retrying'));
  await post(1);
  await receiver.untilReceived(21);
  // Only a process with the API ends deliveries in the background.
  await api.end('SIGKILL');
  gone.respond(410);
  await eventually(async () => (await told()).length > 0);
  await worker.end('SIGKILL');
  expect((await deliveries()).filter((state) => state === 'retrying')).toHaveLength(20);

  await posthorn.startAll();
  await eventually(() => areAll('undeliverable gone'));

  expect(await told()).toEqual(['endpoint.disabled']);
  expect(receiver.requests).toHaveLength(21);
  const { rows } = await posthorn.pool.query('SELECT DISTINCT status, open_count FROM events');
  expect(rows).toEqual([{ status: 'undeliverable', open_count: 0 }]);
});

test('an endpoint waits as its receiver has asked, although the worker that heard it dies', async () => {
  const wait: ScriptStep = (_request, response) =>
    void response.writeHead(503, { 'Retry-After': '12' }).end();
  const receiver = await receiverThat(wait, 200);
  await posthorn.startApi();
  const worker = await posthorn.startWorker();
  project = await posthorn.api.newProject({ delays: ['1s', '1s', '1s'] });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await post(1);
  await eventually(async () => (await attemptNumbers()).length === 1);
  const respondedAt = receiver.requests[0]!.receivedAt;
  await worker.end('SIGKILL');
  await post(3);
  await posthorn.startWorker();

  await eventually(() => areAll('delivered'), 90_000);

  for (const { receivedAt } of receiver.requests.slice(1))
    expect(receivedAt - respondedAt).toBeGreaterThanOrEqual(11_900);
  expect(receiver.requests).toHaveLength(5);
  expect(await attemptNumbers()).toEqual([[1, 2], [1], [1], [1]]);
});

test('a cool-down goes on with another worker when the one that sends the probe dies, and nothing is lost', async () => {
  const DELIVERIES = 10;
  let isDown = true;
  let isProbing = false;
  const receiver = await receiverThat((_request, response) => {
    // The probe gets no response.
    if (!isProbing) response.writeHead(isDown ? 500 : 200).end();
    isProbing = false;
  });
  await posthorn.startApi();
  const workers = [await posthorn.startWorker(), await posthorn.startWorker()];
  project = await posthorn.api.newProject({ delays: Array(10).fill('1s'), timeout: '30s' });
  await patch({
    failures: {
      coolDownAfter: '1s',
      probeEvery: '3s',
      warnAfter: '0',
      warnAgainAfter: '0',
      disableAfter: '0',
    },
  });
  const { id } = await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await post(DELIVERIES);
  const health = async () =>
    (await posthorn.api.call<{ health: { status: string } }>(project.key, 'GET', `/v1/endpoints/${id}`))
      .health;
  await eventually(async () => (await health()).status === 'cooling_down');
  await eventually(async () => {
    const { rows } = await posthorn.pool.query('SELECT sum(attempts)::int AS n FROM deliveries');
    return rows[0].n === receiver.requests.length;
  });
  isProbing = true;
  const before = receiver.requests.length;
  await receiver.untilReceived(before + 1);

  const { rows } = await posthorn.pool.query<{ pid: number }>(
    `SELECT p.pid FROM deliveries d JOIN processes p ON p.id = d.process_id WHERE d.claimed_at IS NOT NULL`,
  );
  expect(rows).toHaveLength(1);
  const [prober] = workers.filter(({ pid }) => pid === rows[0]!.pid);
  await prober!.end('SIGKILL');
  await receiver.untilReceived(before + 2);
  expect((await health()).status).toBe('cooling_down');
  isDown = false;

  await eventually(() => areAll('delivered'), 90_000);
  await eventually(async () => (await health()).status === 'healthy');
  for (const numbers of await attemptNumbers())
    expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
});
