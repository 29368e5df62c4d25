import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers, isExpress } from '../installation/installation.ts';
import { readDeliveryRecords } from '../installation/ledger.ts';
import { endAllProcesses, type PosthornProcess, startPosthorn } from '../installation/posthorn-process.ts';

const INNOCENTS = 10;

let posthorn: Installation;
let receiver: Receiver;
let supervised: { worker: PosthornProcess | null; kills: number; ended: boolean };

/** Starts a new process whenever one exits, as systemd or a container engine does. */
async function superviseWorker(): Promise<void> {
  while (!supervised.ended) {
    supervised.worker = startPosthorn(isExpress ? 'start' : 'worker', posthorn.env);
    await supervised.worker.ended;
  }
}

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  supervised = { worker: null, kills: 0, ended: false };
  receiver = await startReceiver([
    (request, response) => {
      if (!request.body.includes('poison')) return void response.writeHead(200).end();
      supervised.kills++;
      void supervised.worker?.end('SIGKILL');
    },
  ]);
});
afterEach(async () => {
  supervised.ended = true;
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

test('a delivery whose response crashes the worker becomes undeliverable, and the others of its group are delivered', async () => {
  if (!isExpress) await posthorn.startApi();
  const supervision = superviseWorker();
  await eventually(async () => (await fetch(`${posthorn.api.url}/readyz`).catch(() => null))?.ok === true);
  const { api, pool } = posthorn;
  const project = await api.newProject({ delays: ['1s'] });
  await api.newEndpoint(project, receiver.url, ['*']);
  const events = Array.from({ length: INNOCENTS }, (_, n) => ({
    id: `innocent-${n}`,
    type: 'a.b',
    data: { n },
  }));
  const poison = { id: 'poison', type: 'a.b', data: 'poison' };

  // In the mode express, the first request may crash the process before it responds to this call.
  const post = () => api.call(project.key, 'POST', '/v1/events/batch', { events: [poison, ...events] });
  await eventually(() =>
    post().then(
      () => true,
      () => false,
    ),
  );

  const open = `SELECT FROM deliveries WHERE status IN ('pending', 'retrying') LIMIT 1`;
  await eventually(async () => (await pool.query(open)).rowCount === 0, 100_000);
  const bookings = await readDeliveryRecords(pool);
  const [poisoned] = bookings.filter(({ event }) => event === 'poison');
  const innocents = bookings.filter(({ event }) => event !== 'poison');
  expect(poisoned).toMatchObject({
    status: 'undeliverable',
    outcomes: Array(supervised.kills).fill('unknown'),
  });
  // Two attempts in the shared workflow, and one for each of the two steps in a workflow of its own.
  expect(supervised.kills).toBe(4);
  expect(new Set(innocents.map(({ status }) => status))).toEqual(new Set(['delivered']));
  expect(Math.max(...innocents.map(({ outcomes }) => outcomes.length))).toBeLessThanOrEqual(4);
  supervised.ended = true;
  await supervised.worker?.end('SIGTERM');
  await supervision;
});
