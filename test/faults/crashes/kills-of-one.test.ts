import { type Installation, installOn } from '../installation/installation.ts';
import { countInFlight, NO_DISCREPANCIES } from '../installation/ledger.ts';
import { EVENTS, type MixedStream, startMixedStream } from '../installation/mixed-stream.ts';
import { type OwnServers, startOwnServers } from '../installation/own-servers.ts';
import { endAllProcesses, startPosthorn } from '../installation/posthorn-process.ts';

/** A kill strikes when this many events are acknowledged. */
const MIDDLE = EVENTS / 3;

let servers: OwnServers;
let posthorn: Installation;
let stream: MixedStream | undefined;

beforeAll(async () => {
  servers = await startOwnServers();
});
beforeEach(async () => {
  posthorn = await installOn(servers);
});
afterEach(async () => {
  await stream?.close();
  stream = undefined;
  await endAllProcesses();
  await posthorn.close();
});
afterAll(() => servers.stop());

const balanced = { ...NO_DISCREPANCIES, unbalanced: [] };

const inTheMiddleOfAStream = async (): Promise<MixedStream> => {
  stream = await startMixedStream(posthorn.api);
  await stream.untilAcknowledged(MIDDLE);
  return stream;
};

test('kill -9 of the worker loses nothing, and repeats only what was in flight', async () => {
  const [worker] = await Promise.all([posthorn.startWorker(), posthorn.startApi()]);
  const stream = await inTheMiddleOfAStream();

  await worker.end('SIGKILL');
  await posthorn.untilDisconnected(worker);
  const inFlight = await countInFlight(posthorn.pool);
  await posthorn.startWorker();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  const findings = await stream.audit(posthorn.pool);
  expect(findings).toMatchObject({ ...balanced, unknown: inFlight });
  expect(findings.duplicates).toBeLessThanOrEqual(inFlight);
});

test('kill -9 of the API loses no event that it had acknowledged, and repeats none', async () => {
  const [, api] = await Promise.all([posthorn.startWorker(), posthorn.startApi()]);
  const stream = await inTheMiddleOfAStream();

  await api.end('SIGKILL');
  await posthorn.startApi();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
});

test('an API that starts without Temporal reports it, accepts events at once, and delivers them when Temporal is up', async () => {
  await servers.temporal.kill();
  const [api, worker] = ['api', 'worker'].map((command) => startPosthorn(command, posthorn.env));
  await api!.untilPrinted(/"started"/);

  const ready = await fetch(`${posthorn.api.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    components: { postgres: { ok: true }, temporal: { ok: false } },
  });
  stream = await startMixedStream(posthorn.api);
  await stream.done;
  await servers.temporal.start();
  await Promise.all([api!, worker!].map((one) => one.untilPrinted(/connected to Temporal/)));
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(Math.max(...stream.responses.map(({ seconds }) => seconds))).toBeLessThan(4); // Temporal's client fails after 5.5 s
});
