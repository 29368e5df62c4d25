import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { EVENTS } from '../faults/installation/mixed-stream.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

/** A kill strikes when this many events are acknowledged. */
const MIDDLE = EVENTS / 3;

const suite = clusterSuite();
const balanced = { ...NO_DISCREPANCIES, unbalanced: [] };

const inTheMiddleOfAStream = async () => {
  const stream = await suite.startStream();
  await stream.untilAcknowledged(MIDDLE);
  return stream;
};

const IN_FLIGHT_OF = `
  SELECT count(*)::int AS open FROM deliveries d JOIN processes p ON p.id = d.process_id
  WHERE p.pid = $1 AND d.claimed_at IS NOT NULL`;

test('kill -9 of one of two APIs loses nothing and repeats nothing', async () => {
  const { apis, restartApi, pool } = suite.posthorn;
  const stream = await inTheMiddleOfAStream();

  await apis[0]!.end('SIGKILL');
  await restartApi(0);

  expect(await stream.audit(pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
});

test('kill -9 of one of two workers loses nothing, and repeats only what it had in flight', async () => {
  const { workers, pool } = suite.posthorn;
  const stream = await inTheMiddleOfAStream();

  const [worker] = workers;
  await worker!.end('SIGKILL');
  const { open } = (await pool.query<{ open: number }>(IN_FLIGHT_OF, [worker!.pid])).rows[0]!;

  const findings = await stream.audit(pool);
  expect(findings).toMatchObject({ ...balanced, unknown: open });
  expect(findings.duplicates).toBeLessThanOrEqual(open);
});

test('kill -9 of the Temporal server loses nothing and repeats nothing, and events are accepted meanwhile', async () => {
  const { temporal } = suite.cluster;
  const stream = await inTheMiddleOfAStream();

  await temporal.kill();
  await stream.done;
  await temporal.start();

  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
});
