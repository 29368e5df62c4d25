import { setTimeout as sleep } from 'node:timers/promises';
import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { eventually } from '../set-up/eventually.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

const OUTAGE_MS = 30_000;

const suite = clusterSuite();
const balanced = { ...NO_DISCREPANCIES, unbalanced: [] };

/** The status of `/readyz` of each API. */
const readiness = (): Promise<number[]> =>
  Promise.all(suite.posthorn.apiUrls.map(async (url) => (await fetch(`${url}/readyz`)).status));

test('while Temporal does not respond for 30 s, events are accepted; then nothing is lost or repeated', async () => {
  const stream = await suite.underLoad();

  process.kill(suite.cluster.temporal.pid(), 'SIGSTOP');
  try {
    await Promise.all([
      sleep(OUTAGE_MS), // the outage itself
      eventually(async () => (await readiness()).every((status) => status === 503), 60_000),
    ]);
  } finally {
    process.kill(suite.cluster.temporal.pid(), 'SIGCONT');
  }

  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
  await eventually(async () => (await readiness()).every((status) => status === 200), 60_000);
});

test.each([
  ['an immediate restart of Postgres', 0],
  ['an outage of Postgres of 30 s', OUTAGE_MS],
])('%s, which Posthorn and Temporal share, loses nothing and repeats nothing', async (_, awayMs) => {
  const stream = await suite.inTheMiddleOfAStream();

  await suite.cluster.postgres.restartImmediately(awayMs);

  // A claim whose confirmation was lost becomes `unknown`, though nothing was sent for it.
  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0 });
  const statuses = new Set(stream.responses.map(({ status }) => status));
  expect([...statuses].filter((status) => status !== 202 && status !== 503)).toEqual([]);
});
