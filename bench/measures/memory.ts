import type { BenchContext, Row, Scenario } from '../bench.ts';
import { closedLoopOnce } from '../load/closed-loop.ts';
import { runOpenLoop } from '../load/open-loop.ts';
import { openSubject } from '../load/subjects.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';
import { memoryMbByServer, rssMb } from '../processes/process-usage.ts';

const LOAD_SHARE = 0.5;
const WARM_UP_MINUTES = 3;
/** Publisher and receiver forget a load when the next one begins, so they do not grow either. */
const LOAD_SECONDS = 60;

/** Half of the throughput of a closed loop, for a long time: the memory of the process must not grow. */
export const memory: Scenario = {
  title: 'Memory in MB at half of the closed-loop throughput, fan-out 1, after each minute',
  runByDefault: false,
  takes: '34 min for each way to make the first attempt; see --minutes',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts) rows.push(...(await overTime(bench, firstAttempt)));
    return rows;
  },
};

async function overTime(bench: BenchContext, firstAttempt: FirstAttempt): Promise<Row[]> {
  const { deliveredPerSecond } = await closedLoopOnce(bench, firstAttempt, 1);
  const perSecond = Math.max(1, Math.round(deliveredPerSecond * LOAD_SHARE));
  const subject = await openSubject(bench, firstAttempt, 1);
  const samples: (Row & { minute: number; RSS: number })[] = [];
  for (let minute = 1 - WARM_UP_MINUTES; minute <= bench.minutes; minute++) {
    const { notDelivered, refused, p95 } = await runOpenLoop(bench, subject, perSecond, LOAD_SECONDS);
    const pids = subject.pids();
    const { postgres, temporal } = memoryMbByServer(pids);
    const sample = {
      '': firstAttempt,
      'events/s': perSecond,
      minute,
      RSS: rssMb(pids.posthorn),
      postgres,
      temporal,
      'not delivered': notDelivered,
      refused,
      'p95 ms': Math.round(p95),
    };
    console.error(JSON.stringify(sample)); // the table is printed only at the end
    if (minute > 0) samples.push(sample);
  }
  const slope = slopeOf(samples.map(({ minute, RSS }) => [minute, RSS]));
  return [
    ...samples,
    { '': `${firstAttempt}: max`, RSS: Math.max(...samples.map(({ RSS }) => RSS)) },
    { '': `${firstAttempt}: growth per minute`, RSS: Math.round(slope * 100) / 100 },
  ];
}

/** Of the line that fits the points best (least squares). */
function slopeOf(points: [x: number, y: number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}
