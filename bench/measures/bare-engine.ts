import type { Scenario } from '../bench.ts';
import type { EngineCommands } from '../engine/engine-client.ts';
import { roundForReport } from '../percentiles.ts';
import { cpuMsOf } from '../processes/process-usage.ts';
import { startRemote } from '../processes/remote-process.ts';

const STARTERS = [2, 8, 32];

/** The minimum cost of a delivery if every event has its own workflow: no API, no Postgres, no POST. */
export const bareEngine: Scenario = {
  title: 'The bare engine: a workflow with one empty activity, closed loop on the same server',
  runByDefault: true,
  takes: '2 min',
  async run(bench) {
    const posthorn = await bench.posthorn({ grouping: 'never', firstAttempt: 'workflow' });
    const engine = startRemote<EngineCommands>('../engine/engine-client.ts');
    const rows = [];
    for (const starters of STARTERS) {
      const { temporal } = posthorn.pids();
      const before = { server: cpuMsOf(temporal), worker: cpuMsOf([engine.pid]) };
      const { completed, perSecond } = await engine.call(
        'run',
        posthorn.temporalAddress(),
        starters,
        bench.seconds,
      );
      const server = (cpuMsOf(temporal) - before.server) / completed;
      const worker = (cpuMsOf([engine.pid]) - before.worker) / completed;
      bench.figures.bareEngine.set(starters, perSecond);
      rows.push({
        starters,
        'workflows/s': roundForReport(perSecond),
        'CPU ms/workflow': roundForReport(server + worker),
        'of which the server': roundForReport(server),
        'worker and starters': roundForReport(worker),
      });
    }
    await engine.stop();
    return rows;
  },
};
