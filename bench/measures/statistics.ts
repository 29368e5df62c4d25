import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type ClosedLoop, measureLoop, PUBLISHERS, warmUp } from '../load/closed-loop.ts';
import { openSubject } from '../load/subjects.ts';
import { roundForCpu } from '../percentiles.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';
import { type StatisticsLease, statisticsLease } from '../processes/statistics-lease.ts';
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

/** Two passes: from then on, as much is counted as is delivered. */
const WARM_UP_SECONDS = 12;
/** Posthorn notices within this time that it has the lease, or has lost it. */
const RENEWAL_MS = 6_000;

/** What adding up outcomes and counting what is open costs: the same load with both and with neither, in turns. */
export const statistics: Scenario = {
  title: `Closed loop of ${PUBLISHERS} publishers, fan-out 1, with statistics and without`,
  runByDefault: false,
  takes: '15 min for each way to make the first attempt with 4 rounds; see --rounds',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts) rows.push(...(await inRounds(bench, firstAttempt)));
    return rows;
  },
};

async function inRounds(bench: BenchContext, firstAttempt: FirstAttempt): Promise<Row[]> {
  const posthorn = await bench.posthorn({ grouping: 'auto', firstAttempt });
  const lease = statisticsLease(posthorn.databaseUrl());
  const startOf = (round: number | string): Row => ({ '': firstAttempt, round, statistics: 'on ÷ off' });
  const rows: Row[] = [];
  const ratios: SideRatio[] = [];
  try {
    for (let round = 1; round <= bench.rounds; round++) {
      const loads: SideLoad[] = [];
      for (const counting of sidesOf(round)) {
        const { load, row } = await measureOne(bench, firstAttempt, lease, counting);
        loads.push(load);
        rows.push({ '': firstAttempt, round, ...row });
        console.error(JSON.stringify(rows.at(-1))); // the table is printed only at the end
      }
      const ratio = ratioOf(loads);
      ratios.push(ratio);
      rows.push(ratioRow(startOf(round), ratio));
    }
  } finally {
    await lease.end();
  }
  return [...rows, ...summaryRows(startOf, ratios)];
}

/** `counting`: with `off`, the benchmark holds the lease, and nobody counts. */
async function measureOne(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  lease: StatisticsLease,
  counting: Side,
): Promise<Measured> {
  const loop: ClosedLoop = { subject: firstAttempt, fanOut: 1, grouping: 'auto', batch: 'single' };
  // Before either kind, so that both begin with nothing left to count.
  await lease.take();
  if (counting === 'on') await lease.release();
  await sleep(RENEWAL_MS);
  const subject = await openSubject(bench, firstAttempt, 1);
  await warmUp(bench, subject, loop, WARM_UP_SECONDS);
  const before = await lease.counted();
  const figures = await measureLoop(bench, subject, loop);
  const counted = (await lease.counted()) - before;
  const { deliveredPerSecond, totalCpuMs, cpuMs, deliveries, notDelivered, refused } = figures;
  return {
    load: { side: counting, deliveredPerSecond, cpuMs: totalCpuMs },
    row: {
      statistics: counting,
      'delivered/s': Math.round(deliveredPerSecond),
      'CPU ms/delivery': roundForCpu(totalCpuMs),
      'of which postgres': roundForCpu(cpuMs.postgres),
      'counted ÷ delivered': (counted / Math.max(1, deliveries)).toFixed(2),
      'not delivered': notDelivered,
      refused,
    },
  };
}
