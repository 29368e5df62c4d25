import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type ClosedLoop, measureLoop, PUBLISHERS, warmUp } from '../load/closed-loop.ts';
import type { CollectorCommands } from '../load/collector.ts';
import { subjectOf } from '../load/subjects.ts';
import { roundForCpu } from '../percentiles.ts';
import { type FirstAttempt, type Posthorn, startPosthorn } from '../processes/posthorn.ts';
import { type Remote, startRemote } from '../processes/remote-process.ts';
import {
  ratioOf,
  ratioRow,
  type Side,
  type SideLoad,
  type SideRatio,
  sidesOf,
  summaryRows,
} from '../rounds.ts';

type Measured = { load: SideLoad; row: Row };

/** For connections, query plans, and caches of the project. */
const WARM_UP_SECONDS = 2;
/** The post of an event, and the attempt of its delivery. */
const SPANS_OF_A_DELIVERY = 2;
const EXPORT_WITHIN_MS = 30_000;

/** What the export of all spans costs: the same load on one Posthorn with it and on one without, in turns. */
export const tracing: Scenario = {
  title: `Closed loop of ${PUBLISHERS} publishers, fan-out 1, with traces of all events and without`,
  runByDefault: false,
  takes: '15 min for each way to make the first attempt with 4 rounds; see --rounds',
  async run(bench) {
    const collector = startRemote<CollectorCommands>('../load/collector.ts');
    const rows: Row[] = [];
    try {
      const url = await collector.call('listen');
      for (const firstAttempt of bench.firstAttempts)
        rows.push(...(await inRounds(bench, firstAttempt, collector, url)));
    } finally {
      await collector.stop();
    }
    return rows;
  },
};

async function inRounds(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  collector: Remote<CollectorCommands>,
  collectorUrl: string,
): Promise<Row[]> {
  const mode = { grouping: 'auto', firstAttempt } as const;
  const startOf = (round: number | string): Row => ({ '': firstAttempt, round, traces: 'on ÷ off' });
  const rows: Row[] = [];
  const ratios: SideRatio[] = [];
  const off = await bench.posthorn(mode);
  const on = await startPosthorn({ ...mode, variables: { POSTHORN_OTLP_URL: collectorUrl } });
  try {
    for (let round = 1; round <= bench.rounds; round++) {
      const loads: SideLoad[] = [];
      for (const side of sidesOf(round)) {
        const posthorn = side === 'on' ? on : off;
        const { load, row } = await measureOne(bench, firstAttempt, posthorn, collector, side);
        loads.push(load);
        rows.push({ '': firstAttempt, round, ...row });
        console.error(JSON.stringify(rows.at(-1))); // the table is printed only at the end
      }
      ratios.push(ratioOf(loads));
      rows.push(ratioRow(startOf(round), ratios.at(-1)!));
    }
  } finally {
    await on.stop();
  }
  return [...rows, ...summaryRows(startOf, ratios)];
}

async function measureOne(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  posthorn: Posthorn,
  collector: Remote<CollectorCommands>,
  side: Side,
): Promise<Measured> {
  const loop: ClosedLoop = { subject: firstAttempt, fanOut: 1, grouping: 'auto', batch: 'single' };
  const subject = await subjectOf(posthorn, bench.urls.healthy, ['/0']);
  await warmUp(bench, subject, loop, WARM_UP_SECONDS);
  const before = await untilQuiet(collector);
  const figures = await measureLoop(bench, subject, loop);
  const exported = (await untilQuiet(collector)) - before;
  const { deliveredPerSecond, totalCpuMs, cpuMs, deliveries, notDelivered, refused } = figures;
  return {
    load: { side, deliveredPerSecond, cpuMs: totalCpuMs },
    row: {
      traces: side,
      'delivered/s': Math.round(deliveredPerSecond),
      'CPU ms/delivery': roundForCpu(totalCpuMs),
      'of which posthorn': roundForCpu(cpuMs.posthorn),
      'exported ÷ made': (exported / Math.max(1, SPANS_OF_A_DELIVERY * deliveries)).toFixed(2),
      'not delivered': notDelivered,
      refused,
    },
  };
}

/** Waits until no more spans have arrived for longer than a batch waits. Returns how many have arrived. */
async function untilQuiet(collector: Remote<CollectorCommands>): Promise<number> {
  const until = performance.now() + EXPORT_WITHIN_MS;
  let spans = await collector.call('spans');
  while (performance.now() < until) {
    await sleep(3_000);
    const later = await collector.call('spans');
    if (later === spans) break;
    spans = later;
  }
  return spans;
}
