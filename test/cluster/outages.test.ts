import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { EVENTS } from '../faults/installation/mixed-stream.ts';
import { eventually } from '../set-up/eventually.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

const suite = clusterSuite();
const balanced = { ...NO_DISCREPANCIES, unbalanced: [] };

const inTheMiddleOfAStream = async () => {
  const stream = await suite.startStream();
  await stream.untilAcknowledged(EVENTS / 3);
  return stream;
};

/** The status of `/readyz` of each API. */
const readiness = (): Promise<number[]> =>
  Promise.all(suite.posthorn.apiUrls.map(async (url) => (await fetch(`${url}/readyz`)).status));

test('while Temporal does not respond, events are accepted; nothing is lost or repeated once it does again', async () => {
  const stream = await inTheMiddleOfAStream();

  process.kill(suite.cluster.temporal.pid(), 'SIGSTOP');
  try {
    await eventually(async () => (await readiness()).every((status) => status === 503), 60_000);
    await stream.done;
  } finally {
    process.kill(suite.cluster.temporal.pid(), 'SIGCONT');
  }

  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
  await eventually(async () => (await readiness()).every((status) => status === 200), 60_000);
});

test('an immediate restart of Postgres, which Posthorn and Temporal share, loses nothing and repeats nothing', async () => {
  const stream = await inTheMiddleOfAStream();

  await suite.cluster.postgres.restartImmediately();

  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  const statuses = new Set(stream.responses.map(({ status }) => status));
  expect([...statuses].filter((status) => status !== 202 && status !== 503)).toEqual([]);
});
