import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { eventually } from '../set-up/eventually.ts';
import { clusterSuiteOn } from './installation/cluster-suite.ts';
import { startClusterOfServices } from './servers/start-cluster.ts';

/** Events that are acknowledged while a service is away, and deliveries that arrive before the next one is killed. */
const MEANWHILE = 20;

const suite = clusterSuiteOn(startClusterOfServices);

test('kill -9 of history, matching and frontend, one after the other, loses nothing and repeats nothing', async () => {
  const { history, matching, frontend } = suite.cluster.temporal.services;
  const stream = await suite.underLoad();

  for (const service of [history, matching, frontend]) {
    await service.kill();
    await stream.offerMore(MEANWHILE);
    await service.start();
    const arrived = stream.arrived();
    await eventually(() => stream.arrived() >= arrived + MEANWHILE, 120_000);
  }

  const findings = await stream.audit(suite.posthorn.pool);
  expect(findings).toEqual({ ...NO_DISCREPANCIES, unbalanced: [], duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
});
