import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOn } from '../installation/installation.ts';
import { countInFlight, NO_DISCREPANCIES } from '../installation/ledger.ts';
import { EVENTS, type MixedStream, startMixedStream } from '../installation/mixed-stream.ts';
import { type OwnServers, startOwnServers } from '../installation/own-servers.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

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

test('kill -9 of API and worker in one process loses nothing, and repeats only what was in flight', async () => {
  const both = await posthorn.startBoth();
  const stream = await inTheMiddleOfAStream();

  await both.end('SIGKILL');
  await posthorn.untilDisconnected(both);
  const inFlight = await countInFlight(posthorn.pool);
  await posthorn.startBoth();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  const findings = await stream.audit(posthorn.pool);
  expect(findings).toMatchObject({ ...balanced, unknown: inFlight });
  expect(findings.duplicates).toBeLessThanOrEqual(inFlight);
}, 600_000);

test('while Temporal is down, events are accepted, and they are delivered once it is back', async () => {
  await posthorn.startBoth();
  const stream = await inTheMiddleOfAStream();

  await servers.temporal.kill();
  await stream.done;
  await servers.temporal.start();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
  expect(Math.max(...stream.responses.map(({ seconds }) => seconds))).toBeLessThan(4); // Temporal's client fails after 5.5 s
});

test('while Postgres is down, posts get 503 with Retry-After; nothing is lost, and no POST is repeated', async () => {
  await posthorn.startBoth();
  // Endless: on a fast machine, a stream of 300 events could be over before Postgres is gone.
  stream = await startMixedStream(posthorn.api, { endless: true });
  const { responses } = stream;
  await stream.untilAcknowledged(30);

  await servers.postgres.kill();
  await eventually(() => responses.filter(({ status }) => status === 503).length >= 8);
  await servers.postgres.start();
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  expect(await stream.audit(posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  const refused = responses.filter(({ status }) => status !== 202);
  for (const { status, retryAfter } of refused) {
    expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
  }
});
