import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type ClosedLoopFigures, ratio } from '../figures.ts';
import { closedLoopOnce, PUBLISHERS, runClosedLoopOn } from '../load/closed-loop.ts';
import type { Subject } from '../load/subjects.ts';
import { roundForReport } from '../percentiles.ts';
import { type ClusterPosthorn, startOnCluster } from '../processes/cluster.ts';
import { type TemporalStatements, watchTemporalStatements } from '../processes/temporal-statements.ts';
import { FAN_OUTS, throughputRow } from './throughput.ts';

const APIS = 2;
const WORKERS = [1, 2, 4];

type Measured = {
  workers: number;
  fanOut: number;
  figures: ClosedLoopFigures;
  statements: TemporalStatements;
};

/** Processes apart on a Temporal server whose stores are in Postgres, beside `npm start`. */
export const cluster: Scenario = {
  title: `Temporal's server on Postgres, ${APIS} API processes: closed loop of ${PUBLISHERS} publishers, first attempt by a workflow`,
  runByDefault: false,
  takes: '8 min, after npm run temporal-server',
  async run(bench) {
    const measured = await measureCluster(bench); // before `npm start` runs on the same cores
    const rows: Row[] = [];
    for (const fanOut of FAN_OUTS) {
      const start = await closedLoopOnce(bench, 'workflow', fanOut);
      rows.push(rowOf(bench, 'npm start', fanOut, start, start));
      for (const { workers, figures, statements, ...loop } of measured)
        if (loop.fanOut === fanOut)
          rows.push({
            ...rowOf(bench, `${workers} worker${workers === 1 ? '' : 's'}`, fanOut, figures, start),
            ...statementColumns(statements, figures.workflows),
          });
    }
    return rows;
  },
};

async function measureCluster(bench: BenchContext): Promise<Measured[]> {
  const posthorn = await startOnCluster({ apis: APIS });
  const watch = await watchTemporalStatements(posthorn.cluster);
  const measured: Measured[] = [];
  try {
    for (const workers of WORKERS) {
      await posthorn.runWorkers(workers);
      const process = {}; // new for each set of workers: their code is not compiled yet
      for (const fanOut of FAN_OUTS) {
        const subject = await openCluster(bench, posthorn, process, fanOut);
        const loop = { subject: 'workflow', fanOut, grouping: 'auto', batch: 'single' } as const;
        const figures = await runClosedLoopOn(bench, subject, loop, watch.reset);
        measured.push({ workers, fanOut, figures, statements: await watch.read() });
      }
    }
  } finally {
    await watch.end();
    await posthorn.stop();
  }
  return measured;
}

async function openCluster(
  bench: BenchContext,
  posthorn: ClusterPosthorn,
  process: object,
  fanOut: number,
): Promise<Subject> {
  const project = await posthorn.newProject();
  for (let n = 0; n < fanOut; n += 1) await project.newEndpoint(`${bench.urls.healthy}/${n}`);
  return {
    url: posthorn.urls[0]!,
    urls: posthorn.urls,
    key: project.key,
    process,
    pids: posthorn.pids,
    posthorn,
    close: async () => {},
  };
}

/** Without the columns that are ratios to the bare pipeline and the bare engine, which ran elsewhere if at all. */
function rowOf(
  bench: BenchContext,
  name: string,
  fanOut: number,
  figures: ClosedLoopFigures,
  start: ClosedLoopFigures,
): Row {
  const row = throughputRow(bench, 'workflow', fanOut, figures);
  return {
    ...Object.fromEntries(Object.entries(row).filter(([column]) => !column.includes('÷ bare'))),
    '': name,
    'delivered ÷ npm start': ratio(figures.deliveredPerSecond, start.deliveredPerSecond),
    'CPU ÷ npm start': ratio(figures.totalCpuMs, start.totalCpuMs),
    'statements of Temporal ms/workflow': '',
    'of which visibility %': '',
    'visibility kB/workflow': '',
  };
}

const statementColumns = (
  { totalMs, visibilityMs, visibilityBytes }: TemporalStatements,
  workflows: number,
): Row => ({
  'statements of Temporal ms/workflow': roundForReport(totalMs / workflows),
  'of which visibility %': Math.round((visibilityMs / totalMs) * 100),
  'visibility kB/workflow': roundForReport(visibilityBytes / 1_000 / workflows),
});
