import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type ClosedLoopFigures, ratio, type SubjectName } from '../figures.ts';
import { BATCH, BATCH_PUBLISHERS, closedLoopOnce, PUBLISHERS, runClosedLoop } from '../load/closed-loop.ts';
import { roundForCpu, roundForReport } from '../percentiles.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';
import { SERVERS } from '../processes/process-usage.ts';

export const FAN_OUTS = [1, 10];

export const throughput: Scenario = {
  title: `Closed loop of ${PUBLISHERS} publishers, POSTHORN_GROUPING=auto`,
  runByDefault: true,
  takes: '3 min',
  run: (bench) =>
    forEachFanOut(bench.firstAttempts, async (firstAttempt, fanOut) =>
      throughputRow(bench, firstAttempt, fanOut, await closedLoopOnce(bench, firstAttempt, fanOut)),
    ),
};

export const batches: Scenario = {
  title: `Batches of ${BATCH} events from ${BATCH_PUBLISHERS} publishers, POSTHORN_GROUPING=auto`,
  runByDefault: true,
  takes: '2 min',
  run: (bench) =>
    forEachFanOut(bench.firstAttempts, async (subject, fanOut) => {
      const figures = await runClosedLoop(bench, { subject, fanOut, grouping: 'auto', batch: 'batch' });
      return throughputRow(bench, subject, fanOut, figures);
    }),
};

/** Without express, which starts no workflow that a grouping could apply to. */
export const ungrouped: Scenario = {
  title: `Closed loop of ${PUBLISHERS} publishers that wait for the delivery, POSTHORN_GROUPING=never`,
  runByDefault: true,
  takes: '2 min',
  run: (bench) =>
    forEachFanOut(['workflow'], async (subject, fanOut) => {
      const figures = await runClosedLoop(bench, { subject, fanOut, grouping: 'never', batch: 'single' });
      return throughputRow(bench, subject, fanOut, figures);
    }),
};

async function forEachFanOut(
  firstAttempts: FirstAttempt[],
  measure: (firstAttempt: FirstAttempt, fanOut: number) => Promise<Row>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const firstAttempt of firstAttempts)
    for (const fanOut of FAN_OUTS) rows.push(await measure(firstAttempt, fanOut));
  return rows;
}

export function throughputRow(
  { figures: { closedLoops, bareEngine } }: BenchContext,
  subject: SubjectName,
  fanOut: number,
  figures: ClosedLoopFigures,
): Row {
  const bare = closedLoops.get(`bare pipeline ${fanOut}`);
  const { cpuMs, memoryMb, workflows } = figures;
  return {
    '': subject,
    'fan-out': fanOut,
    'accepted/s': Math.round(figures.acceptedPerSecond),
    'delivered/s': Math.round(figures.deliveredPerSecond),
    '÷ bare pipeline': ratio(figures.deliveredPerSecond, bare?.deliveredPerSecond),
    'not delivered': figures.notDelivered,
    repeated: figures.repeated,
    refused: figures.refused,
    'accept p50 ms': roundForReport(figures.acceptP50Ms),
    'accept p95 ms': roundForReport(figures.acceptP95Ms),
    'CPU ms/delivery': roundForCpu(figures.totalCpuMs),
    'CPU ÷ bare pipeline': ratio(figures.totalCpuMs, bare?.totalCpuMs),
    'of which posthorn': roundForCpu(cpuMs.posthorn),
    postgres: roundForCpu(cpuMs.postgres),
    temporal: roundForCpu(cpuMs.temporal),
    'workflows/s': roundForReport(figures.workflowsPerSecond),
    '÷ bare engine': ratio(figures.workflowsPerSecond, bareEngine.get(PUBLISHERS)),
    'deliveries/workflow': workflows > 0 ? roundForReport(figures.deliveries / workflows) : '',
    'memory MB posthorn/postgres/temporal': SERVERS.map((server) => memoryMb[server]).join(' / '),
  };
}
