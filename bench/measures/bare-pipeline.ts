import type { Row, Scenario } from '../bench.ts';
import { closedLoopOnce, PUBLISHERS } from '../load/closed-loop.ts';
import { openLoopOnce } from '../load/open-loop.ts';
import { latencyRow } from './latency.ts';
import { MODE_RATES } from './modes.ts';
import { FAN_OUTS, throughputRow } from './throughput.ts';

/** What any sender must do that responds after the commit and records each attempt, as fast as this machine allows. */
export const barePipeline: Scenario = {
  title: `The bare pipeline: closed loop of ${PUBLISHERS} publishers`,
  runByDefault: true,
  takes: '2 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const fanOut of FAN_OUTS) {
      const figures = await closedLoopOnce(bench, 'bare pipeline', fanOut);
      rows.push(throughputRow(bench, 'bare pipeline', fanOut, figures));
    }
    return rows;
  },
};

export const barePipelineLatency: Scenario = {
  title: 'The bare pipeline: open loop, fan-out 1, milliseconds',
  runByDefault: true,
  takes: '2 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const perSecond of MODE_RATES) {
      const figures = await openLoopOnce(bench, 'bare pipeline', perSecond);
      rows.push(latencyRow('bare pipeline', perSecond, figures));
    }
    return rows;
  },
};
