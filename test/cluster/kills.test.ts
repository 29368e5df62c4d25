import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

const suite = clusterSuite();
const balanced = { ...NO_DISCREPANCIES, unbalanced: [] };

test('kill -9 of one of two APIs loses nothing and repeats nothing', async () => {
  const { apis, restartApi, pool } = suite.posthorn;
  const stream = await suite.inTheMiddleOfAStream();

  await apis[0]!.end('SIGKILL');
  await restartApi(0);

  expect(await stream.audit(pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
});

test('kill -9 of one of two workers loses nothing, and repeats only what it had in flight', async () => {
  const { workers, pool, inFlightOf } = suite.posthorn;
  const stream = await suite.inTheMiddleOfAStream();

  const worker = workers[0]!;
  await worker.end('SIGKILL');
  const open = await inFlightOf(worker);

  const findings = await stream.audit(pool);
  expect(findings).toMatchObject({ ...balanced, unknown: open });
  expect(findings.duplicates).toBeLessThanOrEqual(open);
});

test('kill -9 of the Temporal server loses nothing and repeats nothing, and events are accepted meanwhile', async () => {
  const { temporal } = suite.cluster;
  const stream = await suite.inTheMiddleOfAStream();

  await temporal.kill();
  await stream.done;
  await temporal.start();

  expect(await stream.audit(suite.posthorn.pool)).toMatchObject({ ...balanced, duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
});
