import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { tablesWith } from '../../set-up/stored-text.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

const EVENTS = 2_000;
const BATCH = 500;

let posthorn: Installation;
const receiverThat = receiversPerTest();
beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

type Erasure = { id: string; status: string; eventsErased: number };

const countOf = async (consumer: string) => {
  const { rows } = await posthorn.pool.query('SELECT count(*)::int AS n FROM events WHERE consumer = $1', [
    consumer,
  ]);
  return rows[0].n as number;
};

async function postAll(project: Project, consumer: string): Promise<void> {
  for (let first = 0; first < EVENTS; first += BATCH) {
    const events = Array.from({ length: BATCH }, (_, n) => ({
      id: `${consumer}-${first + n}`,
      type: 'a.b',
      consumer,
      data: `plant of ${consumer}`,
    }));
    await posthorn.api.call(project.key, 'POST', '/v1/events/batch', { events });
  }
}

test('an erasure goes on after its processes are killed, erases everything once, and nothing of another consumer', async () => {
  const receiver = await receiverThat((_request, response) => void response.end('ok'));
  let both = await posthorn.startBoth();
  const project = await posthorn.api.newProject({ delays: ['1h'], timeout: '5s' });
  for (const consumer of ['gone', 'kept'])
    await posthorn.api.call(project.key, 'POST', '/v1/endpoints', {
      url: receiver.url,
      events: ['a.b'],
      consumer,
    });
  await postAll(project, 'gone');
  await postAll(project, 'kept');

  const job = await posthorn.api.call<Erasure>(project.key, 'DELETE', '/v1/consumers/gone?erase=true');
  for (let kills = 0; kills < 3; kills++) {
    const before = await countOf('gone');
    await eventually(async () => (await countOf('gone')) < before || before === 0);
    await both.end('SIGKILL');
    both = await posthorn.startBoth();
  }
  const find = () => posthorn.api.call<Erasure>(project.key, 'GET', `/v1/erasures/${job.id}`);
  await eventually(async () => (await find()).status === 'completed', 90_000);

  expect((await find()).eventsErased).toBe(EVENTS);
  expect(await tablesWith(posthorn.pool, 'plant of gone')).toEqual([]);
  expect(await countOf('kept')).toBe(EVENTS);
  const { rows } = await posthorn.pool.query(
    `SELECT count(*)::int AS n FROM outcomes WHERE event_id LIKE 'gone-%'`,
  );
  expect(rows).toEqual([{ n: 0 }]);
});
