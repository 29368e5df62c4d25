import { eventually } from '../../set-up/eventually.ts';
import { countInFlight } from '../installation/ledger.ts';
import { BALANCED, expectNotToWaitForTemporal, killSuite } from './kill-suite.ts';

const suite = killSuite();

test('kill -9 of API and worker in one process loses nothing, and repeats only what was in flight', async () => {
  const { posthorn } = suite;
  const both = await posthorn.startBoth();
  const stream = await suite.inTheMiddleOfAStream();

  await both.end('SIGKILL');
  await posthorn.untilDisconnected(both);
  const inFlight = await countInFlight(posthorn.pool);
  await posthorn.startBoth();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  const findings = await stream.audit(posthorn.pool);
  expect(findings).toMatchObject({ ...BALANCED, unknown: inFlight });
  expect(findings.duplicates).toBeLessThanOrEqual(inFlight);
}, 600_000);

test('while Temporal is down, events are accepted, and they are delivered once it is back', async () => {
  const { posthorn, servers } = suite;
  await posthorn.startBoth();
  const stream = await suite.inTheMiddleOfAStream();

  await servers.temporal.kill();
  const before = stream.responses.length;
  await stream.done;
  await servers.temporal.start();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...BALANCED, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
  expectNotToWaitForTemporal(stream.responses.slice(before));
});

test('while Postgres is down, posts get 503 with Retry-After; nothing is lost, and no POST is repeated', async () => {
  const { posthorn, servers } = suite;
  await posthorn.startBoth();
  // Endless: on a fast machine, a stream of 300 events could be over before Postgres is gone.
  const stream = await suite.startStream({ endless: true });
  const { responses } = stream;
  await stream.untilAcknowledged(30);

  await servers.postgres.kill();
  await eventually(() => responses.filter(({ status }) => status === 503).length >= 8);
  await servers.postgres.start();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...BALANCED, duplicates: 0, unknown: 0 });
  const refused = responses.filter(({ status }) => status !== 202);
  for (const { status, retryAfter } of refused) {
    expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
  }
});
