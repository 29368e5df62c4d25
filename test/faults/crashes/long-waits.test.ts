import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const EVENTS = 40;
const DELAY_MS = 15_000;
const SETTINGS = { POSTHORN_WORKFLOW_WAIT: '2s' };

let posthorn: Installation;
let receiver: Receiver;
/** While true, retries get no response. */
let isSilent: boolean;
beforeEach(async () => {
  posthorn = await installOnSharedServers();
  isSilent = true;
  // The first attempt of each event fails, and all later ones succeed.
  const failed = new Set<unknown>();
  receiver = await startReceiver([
    ({ headers }, response) => {
      const isFirst = !failed.has(headers['webhook-id']);
      failed.add(headers['webhook-id']);
      if (isFirst || !isSilent) response.writeHead(isFirst ? 503 : 200).end();
    },
  ]);
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

const count = async (condition: string): Promise<number> =>
  (await posthorn.pool.query(`SELECT count(*)::int AS n FROM deliveries WHERE ${condition}`)).rows[0].n;

test('retries that wait in Postgres are made once and not early, although every process was killed while they waited and when they woke', async () => {
  let processes: PosthornProcess[] = [
    await posthorn.startApi(SETTINGS),
    await posthorn.startWorker(SETTINGS),
  ];
  const killAll = async (): Promise<void> => {
    for (const one of processes) await one.end('SIGKILL');
  };
  const project = await posthorn.api.newProject({
    delays: [`${DELAY_MS / 1000}s`, '10s', '10s'],
    timeout: '10s',
  });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  const events = Array.from({ length: EVENTS }, (_, n) => ({ type: 'a.b', data: n }));
  await posthorn.api.call(project.key, 'POST', '/v1/events/batch', { events });
  await eventually(async () => (await count(`owner = 'schedule'`)) === EVENTS);
  await killAll();
  expect(await count(`owner = 'schedule' AND due_at > now()`)).toBeGreaterThan(0);

  processes = [await posthorn.startApi(SETTINGS), await posthorn.startWorker(SETTINGS)];
  await eventually(async () => (await count(`status = 'retrying' AND owner <> 'schedule'`)) > 0);
  await killAll();
  isSilent = false;

  processes = [await posthorn.startApi(SETTINGS), await posthorn.startWorker(SETTINGS)];
  await eventually(async () => (await count(`status <> 'delivered'`)) === 0, 90_000);
  const { rows } = await posthorn.pool.query(`
    SELECT delivery_id, array_agg(number ORDER BY number) AS numbers,
           min(started_at) FILTER (WHERE step = 1) - min(started_at) FILTER (WHERE step = 0) >= interval '${DELAY_MS} milliseconds' AS "inTime",
           count(*) FILTER (WHERE outcome = 'rejected')::int AS rejected
    FROM attempts GROUP BY delivery_id`);
  expect(rows).toHaveLength(EVENTS);
  for (const { numbers, inTime, rejected } of rows) {
    expect(inTime).toBe(true);
    expect(rejected).toBe(1);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  }
});
