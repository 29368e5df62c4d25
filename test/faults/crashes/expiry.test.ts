import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';
import { type StalledReceiver, startStalledReceiver } from '../installation/stalled-receiver.ts';

const EVENTS = 20;

let posthorn: Installation;
let receiver: StalledReceiver;
beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startStalledReceiver();
});
afterEach(async () => {
  receiver.respond();
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

test('events that expire while every process is dead are not sent again, and end as expired', async () => {
  let processes = [await posthorn.startApi(), await posthorn.startWorker()];
  const project = await posthorn.api.newProject({ timeout: '60s' });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  const expiresAt = new Date(Date.now() + 10_000).toISOString();
  for (let n = 0; n < EVENTS; n++)
    await posthorn.api.call(project.key, 'POST', '/v1/events', { type: 'a.b', data: n, expiresAt });
  await receiver.untilReceived(EVENTS);
  for (const one of processes) await one.end('SIGKILL');
  await eventually(() => Date.now() > Date.parse(expiresAt));

  processes = [await posthorn.startApi(), await posthorn.startWorker()];

  await eventually(async () => {
    const { rows } = await posthorn.pool.query(
      `SELECT count(*)::int AS n FROM deliveries WHERE status = 'undeliverable' AND reason = 'expired'`,
    );
    return rows[0].n === EVENTS;
  }, 90_000);
  const { rows } = await posthorn.pool.query(
    `SELECT outcome, count(*)::int AS n FROM attempts GROUP BY outcome
     UNION ALL SELECT status, count(*)::int FROM events GROUP BY status`,
  );
  expect(rows).toEqual([
    { outcome: 'unknown', n: EVENTS },
    { outcome: 'undeliverable', n: EVENTS },
  ]);
  await expect(receiver.untilReceived(EVENTS + 1, 1_000)).rejects.toThrow();
});
