import { findFreePort } from '../../../src/embedded/free-port.ts';
import { stageFailures } from '../../integration/recoveries/stage-failures.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type ApiClient, apiClient, type Project } from '../installation/api-client.ts';
import { embeddedInstallation } from '../installation/embedded-installation.ts';
import { inOwnInstallation } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, startPosthorn } from '../installation/posthorn-process.ts';

type Recovery = { id: string; status: string; done: number; delivered: number; open: number; total: number };

const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';
/** Five pages of the recovery, of which each takes two seconds; a kill is in the second one. */
const FAILURES = 900;
const BEFORE_KILL = 250;
const since = () => new Date(Date.now() - 2 * 3_600_000).toISOString();

/* The tests run at the same time, each in an installation of its own, because each waits for most of its time. */

const withReceiver = () => startReceiver([200]);
afterAll(endAllProcesses);

const start = (api: ApiClient, project: Project) =>
  api.call<Recovery>(project.key, 'POST', '/v1/recoveries', { what: 'failed', since: since(), rate: 100 });

async function untilDone(api: ApiClient, project: Project, id: string): Promise<Recovery> {
  const get = () => api.call<Recovery>(project.key, 'GET', `/v1/recoveries/${id}`);
  await eventually(async () => {
    const { status, open } = await get();
    return status === 'done' && open === 0;
  }, 90_000);
  return get();
}

/** How many events arrived, and how many requests were repeated. */
function received(receiver: Receiver): { events: number; repeated: number } {
  const ids = receiver.requests.map(({ body }) => (JSON.parse(String(body)) as { id: string }).id);
  const events = new Set(ids).size;
  return { events, repeated: ids.length - events };
}

/** An attempt that was in flight at a kill is repeated, and has a row that says `unknown`. */
const UNKNOWN = `SELECT count(*)::int AS n FROM attempts WHERE outcome = 'unknown'`;
const COPIES = `
  SELECT count(*)::int AS copies, count(DISTINCT replay_of)::int AS replayed FROM deliveries WHERE recovery_id IS NOT NULL`;

test.concurrent('kill -9 of the worker in the middle of a recovery: another worker goes on, and sends each delivery once', () =>
  inOwnInstallation(withReceiver, async (posthorn, receiver) => {
    await posthorn.startApi();
    const worker = await posthorn.startWorker();
    const project = await posthorn.api.newProject({});
    const endpoint = await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await stageFailures(posthorn.pool, { project: project.id, endpoint: endpoint.id }, FAILURES);

    const { id } = await start(posthorn.api, project);
    await receiver.untilReceived(BEFORE_KILL);
    await worker.end('SIGKILL');
    await posthorn.startWorker();

    expect(await untilDone(posthorn.api, project, id)).toMatchObject({
      ...{ total: FAILURES, done: FAILURES, delivered: FAILURES, skipped: 0 },
    });
    const unknown = (await posthorn.pool.query<{ n: number }>(UNKNOWN)).rows[0]!.n;
    const { events, repeated } = received(receiver);
    expect(events).toBe(FAILURES);
    expect(repeated).toBeLessThanOrEqual(unknown);
    expect((await posthorn.pool.query(COPIES)).rows).toEqual([{ copies: FAILURES, replayed: FAILURES }]);
  }));

test.concurrent('kill -9 of everything in the middle of a recovery: the next start goes on where it was', async () => {
  const receiver = await startReceiver([200]);
  const installation = embeddedInstallation();
  const port = await findFreePort(nonEphemeralPort());
  const env = {
    ...installation.env,
    POSTHORN_PORT: String(port),
    POSTHORN_ADMIN_KEY: ADMIN_KEY,
    POSTHORN_ALLOW_TARGETS: '127.0.0.0/8',
  };
  await startPosthorn('start', env).untilPrinted(/Posthorn is ready/);
  const api = apiClient(`http://127.0.0.1:${port}`, ADMIN_KEY);
  const project = await api.newProject({});
  const endpoint = await api.newEndpoint(project, receiver.url, ['*']);
  const before = installation.openPool();
  await stageFailures(before, { project: project.id, endpoint: endpoint.id }, FAILURES);
  await before.end();

  const { id } = await start(api, project);
  await receiver.untilReceived(BEFORE_KILL);
  await installation.killEverything();
  const again = startPosthorn('start', env);
  await again.untilPrinted(/Posthorn is ready/);

  expect(await untilDone(api, project, id)).toMatchObject({
    total: FAILURES,
    done: FAILURES,
    delivered: FAILURES,
  });
  const pool = installation.openPool();
  const unknown = (await pool.query<{ n: number }>(UNKNOWN)).rows[0]!.n;
  expect(received(receiver).events).toBe(FAILURES);
  expect(received(receiver).repeated).toBeLessThanOrEqual(unknown);
  expect((await pool.query(COPIES)).rows).toEqual([{ copies: FAILURES, replayed: FAILURES }]);
  await pool.end();
  expect(await again.end('SIGTERM')).toBe(0);
  await installation.remove();
  await receiver.close();
});

test.concurrent('a recovery that was started while Temporal was away begins when it is back', () =>
  inOwnInstallation(withReceiver, async (posthorn, receiver) => {
    const away = { TEMPORAL_ADDRESS: `127.0.0.1:${await findFreePort(nonEphemeralPort())}` };
    const withoutTemporal = startPosthorn('api', { ...posthorn.env, ...away });
    await withoutTemporal.untilPrinted(/"started"/);
    const project = await posthorn.api.newProject({});
    const endpoint = await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await stageFailures(posthorn.pool, { project: project.id, endpoint: endpoint.id }, 50);
    const { id } = await start(posthorn.api, project);
    await withoutTemporal.end('SIGTERM');

    await posthorn.startBoth();
    expect(await untilDone(posthorn.api, project, id)).toMatchObject({ done: 50, delivered: 50 });
    expect(received(receiver)).toEqual({ events: 50, repeated: 0 });
  }));
