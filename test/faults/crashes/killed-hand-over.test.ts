import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

const TOLD = 1_000;

let posthorn: Installation;
const receiverThat = receiversPerTest();
beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

const countOf = async (sql: string) =>
  (await posthorn.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`)).rows[0]!.n;

test('what owners are told becomes one event each, although the process that hands it over is killed', async () => {
  const owner = await receiverThat((_request, response) => void response.writeHead(200).end());
  let both = await posthorn.startBoth();
  const project = await posthorn.api.newProject({ timeout: '5s' });
  await posthorn.api.call(project.key, 'POST', '/v1/operational-endpoints', { url: owner.url });
  await posthorn.pool.query(
    `INSERT INTO operational_events (project_id, type, data)
     SELECT $1, 'endpoint.failing', jsonb_build_object('failures', n) FROM generate_series(1, $2::int) AS n`,
    [project.id, TOLD],
  );

  for (const share of [0.1, 0.5]) {
    await eventually(async () => (await countOf('events')) > share * TOLD);
    await both.end('SIGKILL');
    both = await posthorn.startBoth();
  }
  await eventually(
    async () => (await countOf('operational_events WHERE handed_over_at IS NULL')) === 0,
    30_000,
  );
  await eventually(async () => (await countOf(`events WHERE status = 'delivered'`)) === TOLD);

  expect(await countOf('events')).toBe(TOLD);
  expect(await countOf('deliveries')).toBe(TOLD);
  const told = owner.requests.map(({ body }) => JSON.parse(body.toString()).data.failures as number);
  expect(new Set(told).size).toBe(TOLD);
});
