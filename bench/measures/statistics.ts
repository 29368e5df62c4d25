import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type ClosedLoop, measureLoop, PUBLISHERS, warmUp } from '../load/closed-loop.ts';
import { openSubject } from '../load/subjects.ts';
import { median, roundForCpu } from '../percentiles.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';
import { type StatisticsLease, statisticsLease } from '../processes/statistics-lease.ts';

/** Posthorn counts, or the benchmark holds the lease and nobody does. */
type Counting = 'on' | 'off';
type Load = { counting: Counting; deliveredPerSecond: number; cpuMs: number };
type Measured = { load: Load; row: Row };
type Ratio = { delivered: number; cpu: number };

/** What drifts evenly during a round weighs the same on both sides. The next round begins with the other side. */
const ORDERS: Counting[][] = [
  ['on', 'off', 'off', 'on'],
  ['off', 'on', 'on', 'off'],
];
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
  const rows: Row[] = [];
  const ratios: Ratio[] = [];
  try {
    for (let round = 1; round <= bench.rounds; round++) {
      const loads: Load[] = [];
      for (const counting of ORDERS[(round - 1) % ORDERS.length]!) {
        const { load, row } = await measureOne(bench, firstAttempt, lease, counting);
        loads.push(load);
        rows.push({ '': firstAttempt, round, ...row });
        console.error(JSON.stringify(rows.at(-1))); // the table is printed only at the end
      }
      const ratio = ratioOf(loads);
      ratios.push(ratio);
      rows.push(ratioRow(firstAttempt, round, ratio));
    }
  } finally {
    await lease.end();
  }
  return [...rows, ...summaryRows(firstAttempt, ratios)];
}

async function measureOne(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  lease: StatisticsLease,
  counting: Counting,
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
    load: { counting, deliveredPerSecond, cpuMs: totalCpuMs },
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

function ratioOf(loads: Load[]): Ratio {
  const sum = (counting: Counting, of: 'deliveredPerSecond' | 'cpuMs') =>
    loads.reduce((total, load) => total + (load.counting === counting ? load[of] : 0), 0);
  const ratio = (of: 'deliveredPerSecond' | 'cpuMs') => sum('on', of) / sum('off', of);
  return { delivered: ratio('deliveredPerSecond'), cpu: ratio('cpuMs') };
}

const ratioRow = (firstAttempt: FirstAttempt, round: number | string, { delivered, cpu }: Ratio): Row => ({
  '': firstAttempt,
  round,
  statistics: 'on ÷ off',
  'delivered/s': delivered.toFixed(3),
  'CPU ms/delivery': cpu.toFixed(3),
});

/** The ratios of all rounds: the middle one, the extremes, and the mean with its standard error. */
function summaryRows(firstAttempt: FirstAttempt, ratios: Ratio[]): Row[] {
  const of = (name: keyof Ratio) => ratios.map((ratio) => ratio[name]);
  const row = (round: string, describe: (values: number[]) => string): Row => ({
    '': firstAttempt,
    round,
    statistics: 'on ÷ off',
    'delivered/s': describe(of('delivered')),
    'CPU ms/delivery': describe(of('cpu')),
  });
  return [
    row('median', (values) => median(values).toFixed(3)),
    row(
      'lowest to highest',
      (values) => `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`,
    ),
    row('mean ± standard error', meanWithError),
  ];
}

function meanWithError(values: number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return mean.toFixed(3);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance / values.length).toFixed(3)}`;
}
