import { countInFlight } from '../installation/ledger.ts';
import { startPosthorn } from '../installation/posthorn-process.ts';
import { BALANCED, expectNotToWaitForTemporal, killSuite } from './kill-suite.ts';

const suite = killSuite();

test('kill -9 of the worker loses nothing, and repeats only what was in flight', async () => {
  const { posthorn } = suite;
  const [worker] = await Promise.all([posthorn.startWorker(), posthorn.startApi()]);
  const stream = await suite.inTheMiddleOfAStream();

  await worker.end('SIGKILL');
  await posthorn.untilDisconnected(worker);
  const inFlight = await countInFlight(posthorn.pool);
  await posthorn.startWorker();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  const findings = await stream.audit(posthorn.pool);
  expect(findings).toMatchObject({ ...BALANCED, unknown: inFlight });
  expect(findings.duplicates).toBeLessThanOrEqual(inFlight);
});

test('kill -9 of the API loses no event that it had acknowledged, and repeats none', async () => {
  const { posthorn } = suite;
  const [, api] = await Promise.all([posthorn.startWorker(), posthorn.startApi()]);
  const stream = await suite.inTheMiddleOfAStream();

  await api.end('SIGKILL');
  await posthorn.startApi();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...BALANCED, duplicates: 0, unknown: 0 });
});

test('an API that starts without Temporal reports it, accepts events at once, and delivers them when Temporal is up', async () => {
  const { posthorn, servers } = suite;
  await servers.temporal.kill();
  const [api, worker] = ['api', 'worker'].map((command) => startPosthorn(command, posthorn.env));
  await api!.untilPrinted(/"started"/);

  const ready = await fetch(`${posthorn.api.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    components: { postgres: { ok: true }, temporal: { ok: false } },
  });
  const stream = await suite.startStream();
  await stream.done;
  await servers.temporal.start();
  await Promise.all([api!, worker!].map((one) => one.untilPrinted(/connected to Temporal/)));
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...BALANCED, duplicates: 0, unknown: 0 });
  expectNotToWaitForTemporal(stream.responses);
});
