import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

const EVENTS = 60;

let posthorn: Installation;
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

test('events that are posted again after the API was killed have a delivery exactly if they match the filter', async () => {
  let api = await posthorn.startApi();
  await posthorn.startWorker();
  const project = await posthorn.api.newProject({});
  const filter = { properties: { data: { minimum: EVENTS / 2 } } };
  await posthorn.api.call(project.key, 'POST', '/v1/endpoints', { url: receiver.url, filter });
  const postAll = () =>
    Promise.allSettled(
      Array.from({ length: EVENTS }, (_, n) =>
        posthorn.api.call(project.key, 'POST', '/v1/events', { id: `event_${n}`, type: 'a.b', data: n }),
      ),
    );
  const stored = async () => (await posthorn.pool.query('SELECT count(*)::int AS n FROM events')).rows[0].n;

  const posting = postAll();
  await eventually(async () => (await stored()) > 0);
  await api.end('SIGKILL');
  await posting;
  api = await posthorn.startApi();
  expect((await postAll()).filter(({ status }) => status === 'rejected')).toEqual([]);

  await eventually(async () => {
    const { rows } = await posthorn.pool.query(
      `SELECT count(*)::int AS n FROM deliveries WHERE status = 'delivered'`,
    );
    return rows[0].n === EVENTS / 2;
  }, 60_000);
  const { rows } = await posthorn.pool.query(
    `SELECT substr(id, 7)::int AS n, delivery_count AS deliveries, status FROM events ORDER BY 1`,
  );
  expect(rows).toEqual(
    Array.from({ length: EVENTS }, (_, n) =>
      n >= EVENTS / 2 ? { n, deliveries: 1, status: 'delivered' } : { n, deliveries: 0, status: 'unrouted' },
    ),
  );
});
