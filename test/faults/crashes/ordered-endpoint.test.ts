import { findFreePort } from '../../../src/embedded/free-port.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { apiClient } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const EVENTS = 60;
/** So slow that many events are left when the second process is killed, however long the first one's successor takes to start. */
const RESPONSE_MS = 500;

let posthorn: Installation;
let receiver: Receiver;
let underWay = 0;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([
    async (_, response) => {
      underWay += 1;
      await new Promise((resolve) => setTimeout(resolve, RESPONSE_MS));
      underWay -= 1;
      response.end();
    },
  ]);
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

const untilAttempting = (): Promise<void> => eventually(() => underWay > 0);

test('an ordered endpoint of which processes are killed gets its events in order, and repeats none but the last', async () => {
  const port = await findFreePort(nonEphemeralPort());
  const processes: PosthornProcess[] = await Promise.all([
    posthorn.startBoth(),
    posthorn.startBoth({ POSTHORN_PORT: String(port) }),
  ]);
  const project = await posthorn.api.newProject({ timeout: '5s', delays: ['1s', '1s', '1s'] });
  const endpoint = await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await posthorn.api.call(project.key, 'PATCH', `/v1/endpoints/${endpoint.id}`, { ordered: true });
  const apis = [posthorn.api, apiClient(`http://127.0.0.1:${port}`, '')];

  const accepted = await Promise.all(
    Array.from({ length: EVENTS }, (_, n) =>
      apis[n % 2]!.call<{ id: string; sequence: number }>(project.key, 'POST', '/v1/events', {
        type: 'a.b',
        data: {},
      }),
    ),
  );
  for (const killed of processes) {
    await untilAttempting();
    await killed.end('SIGKILL');
    await posthorn.startBoth({ POSTHORN_PORT: String(await findFreePort(nonEphemeralPort())) });
  }

  await eventually(async () => {
    const { rows } = await posthorn.pool.query(`SELECT FROM deliveries WHERE status <> 'delivered'`);
    return rows.length === 0;
  }, 120_000);
  const sequenceOf = new Map(accepted.map(({ id, sequence }) => [id, sequence]));
  const sequences = receiver.requests.map(({ headers }) => sequenceOf.get(headers['webhook-id'] as string)!);
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  expect(new Set(sequences).size).toBe(EVENTS);
});
