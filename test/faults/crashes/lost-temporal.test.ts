import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { insertAssignedDeliveries } from '../installation/carried-deliveries.ts';
import { type Installation, installOn } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import { type OwnServers, startOwnServers } from '../installation/own-servers.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';
import { type StreamReceiver, startStreamReceiver } from '../installation/stream-receiver.ts';

const OWNERS = 10_000;
/** Of each hundred, this many wait for a later time. */
const LATER_PERCENT = 2;
const LATER_MS = 30_000;
const TWO_MINUTES_MS = 120_000;

let servers: OwnServers;
let posthorn: Installation;
let receiver: StreamReceiver;

beforeAll(async () => {
  servers = await startOwnServers();
});
beforeEach(async () => {
  posthorn = await installOn(servers);
  receiver = await startStreamReceiver();
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});
afterAll(() => servers.stop());

const LATENESS = `
  SELECT count(*)::int AS delivered,
         (extract(epoch FROM max(a.started_at) FILTER (WHERE n % 100 >= ${LATER_PERCENT}) - $1) * 1000)::int AS "dueMs",
         (extract(epoch FROM min(a.started_at) FILTER (WHERE n % 100 < ${LATER_PERCENT}) - $2) * 1000)::int AS "earliestLaterMs",
         (extract(epoch FROM max(a.started_at) FILTER (WHERE n % 100 < ${LATER_PERCENT}) - $2) * 1000)::int AS "latestLaterMs"
  FROM attempts a, LATERAL (SELECT substr(a.delivery_id, 5)::int AS n) AS numbered
  WHERE a.delivery_id ~ '^dlv_\\d{1,5}$'`;

test('when the Temporal database is deleted, 10,000 owners lose nothing: due deliveries continue within two minutes', async () => {
  let both = await posthorn.startBoth();
  const project = await posthorn.api.newProject({ delays: ['20s'], timeout: '3s' });
  const endpoint = await posthorn.api.newEndpoint(project, `${receiver.origin}/steady/1`, ['a.b']);
  await posthorn.api.newEndpoint(project, `${receiver.origin}/flaky/1`, ['retried']);
  await waitingForRetry(project);
  await both.end('SIGTERM');

  await servers.temporal.kill();
  servers.temporal.deleteData();
  await insertAssignedDeliveries(posthorn.pool, project.id, endpoint.id, {
    count: OWNERS,
    laterPercent: LATER_PERCENT,
    laterMs: LATER_MS,
  });
  const laterAt = new Date(Date.now() + LATER_MS);
  await servers.temporal.start();
  const startedAt = new Date();
  both = await posthorn.startBoth();

  await untilAllDelivered(posthorn.pool, LATER_MS + TWO_MINUTES_MS);
  const { rows } = await posthorn.pool.query(LATENESS, [startedAt, laterAt]);
  const { delivered, dueMs, earliestLaterMs, latestLaterMs } = rows[0] as Record<string, number>;
  expect(delivered).toBe(OWNERS);
  expect(dueMs).toBeLessThan(TWO_MINUTES_MS);
  expect(earliestLaterMs).toBeGreaterThan(-1_000);
  expect(latestLaterMs).toBeLessThan(TWO_MINUTES_MS);
  expect(receiver.receivedRequests).toHaveLength(OWNERS + 2); // and the one that was retried
});

/** One delivery that failed once, and waits in a workflow that the deleted database held. */
async function waitingForRetry({ key }: Project): Promise<void> {
  await posthorn.api.call(key, 'POST', '/v1/events', { id: 'waits', type: 'retried', data: {} });
  const retrying = `SELECT FROM deliveries WHERE event_id = 'waits' AND status = 'retrying'`;
  // A server may take 10 s to know a namespace that has just been made.
  await eventually(async () => (await posthorn.pool.query(retrying)).rowCount === 1);
}
