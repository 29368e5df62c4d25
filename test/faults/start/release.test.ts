import { eventually } from '../../set-up/eventually.ts';
import { untilBlocked } from '../../store/stopping-pool.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';
import { type StreamReceiver, startStreamReceiver } from '../installation/stream-receiver.ts';

const EVENTS = 1_200;
/** What is released goes out at this rate. */
const SETTINGS = { POSTHORN_DRAIN_RATE: '1000' };

let posthorn: Installation;
let receiver: StreamReceiver;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startStreamReceiver();
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

/** How many deliveries there are of each status. */
async function statuses(): Promise<Record<string, number>> {
  const { rows } = await posthorn.pool.query(
    'SELECT status, count(*)::int AS n FROM deliveries GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

test('kill -9 of the API while held deliveries are released loses nothing, and sends nothing twice', async () => {
  const api = await posthorn.startApi(SETTINGS);
  const { call } = posthorn.api;
  const project = await posthorn.api.newProject({ delays: ['1m'] });
  const { id } = await posthorn.api.newEndpoint(project, `${receiver.origin}/steady/1`, ['*']);
  await call(project.key, 'POST', `/v1/endpoints/${id}/pause`);
  const events = Array.from({ length: EVENTS }, (_, n) => ({ type: 'a.b', data: {}, id: `event-${n}` }));
  for (const part of [events.slice(0, 1_000), events.slice(1_000)])
    await call(project.key, 'POST', '/v1/events/batch', { events: part });
  expect(await statuses()).toEqual({ held: EVENTS });

  // The second batch of the release waits for this row, and so dies over it.
  const client = await posthorn.pool.connect();
  await client.query('BEGIN');
  await client.query(
    'SELECT FROM deliveries WHERE id = (SELECT id FROM deliveries ORDER BY id OFFSET 700 LIMIT 1) FOR UPDATE',
  );
  const resumed = call(project.key, 'POST', `/v1/endpoints/${id}/resume`).catch(() => 'died');
  await untilBlocked(posthorn.pool);
  await api.end('SIGKILL');
  await client.query('ROLLBACK');
  client.release();
  expect(await resumed).toBe('died');
  await eventually(async () => (await statuses()).held === EVENTS - 500);

  await Promise.all([posthorn.startWorker(SETTINGS), posthorn.startApi(SETTINGS)]);
  await eventually(async () => (await statuses()).delivered === EVENTS);

  const sent = receiver.receivedRequests.map(({ event }) => event);
  expect(sent.sort()).toEqual(events.map((event) => event.id).sort());
});
