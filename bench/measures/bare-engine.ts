import type { Measure } from '../bench.ts';
import type { EngineCommands } from '../engine/engine-client.ts';
import { rounded } from '../percentiles.ts';
import { cpuMsOf } from '../processes/process-usage.ts';
import { startRemote } from '../processes/remote.ts';

const STARTERS = [2, 8, 32];

/** What each delivery would cost at least if every event had its own workflow: no API, no Postgres, no POST. */
export const bareEngine: Measure = {
  title: 'The bare engine: an empty workflow with one empty activity, closed loop on the same server',
  standard: true,
  async take(bench) {
    const posthorn = await bench.posthorn('never');
    const engine = startRemote<EngineCommands>('../engine/engine-client.ts');
    const rows = [];
    for (const starters of STARTERS) {
      const { temporal } = posthorn.pids();
      const before = { server: cpuMsOf(temporal), worker: cpuMsOf([engine.pid]) };
      const { completed, perSecond } = await engine.ask(
        'run',
        posthorn.temporalAddress(),
        starters,
        bench.seconds,
      );
      const server = (cpuMsOf(temporal) - before.server) / completed;
      const worker = (cpuMsOf([engine.pid]) - before.worker) / completed;
      rows.push({
        starters,
        'workflows/s': rounded(perSecond),
        'CPU ms/workflow': rounded(server + worker),
        'of which the server': rounded(server),
        'worker and starters': rounded(worker),
      });
    }
    await engine.stop();
    return rows;
  },
};
