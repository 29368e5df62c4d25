import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { ratio } from '../figures.ts';
import { compileOnce } from '../load/closed-loop.ts';
import type { PublisherCommands } from '../load/publisher.ts';
import { openSubject } from '../load/subjects.ts';
import { percentile, roundForReport } from '../percentiles.ts';
import type { FirstAttempt, Posthorn, Project } from '../processes/posthorn.ts';
import { cpuMsByServer, memoryMbByServer, SERVERS } from '../processes/process-usage.ts';
import { startRemote } from '../processes/remote-process.ts';
import { countOpenWorkflows } from '../processes/workflow-counts.ts';

const HEALTHY_PER_SECOND = 50;
const ALONE_SECONDS = 30;
const COMPILATION_MARGIN_SECONDS = 20;

export type IsolationOptions = {
  perSecond: number;
  seconds: number;
  policy?: object;
  runByDefault: boolean;
  samples: number;
};

/** A healthy receiver, first alone, then with a receiver of the same project that never responds. */
export const isolation = (options: IsolationOptions): Scenario => ({
  title:
    `Healthy endpoint at ${HEALTHY_PER_SECOND}/s with an unresponsive endpoint at ${options.perSecond}/s for ` +
    `${options.seconds} s${options.policy ? ` with the policy ${JSON.stringify(options.policy)}` : ''}`,
  runByDefault: options.runByDefault,
  takes: `${Math.ceil((2 * (COMPILATION_MARGIN_SECONDS + ALONE_SECONDS + options.seconds)) / 60)} min`,
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts)
      rows.push(...(await besideBlackHole(bench, firstAttempt, options)));
    return rows;
  },
});

async function besideBlackHole(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  { perSecond, seconds, policy, samples }: IsolationOptions,
): Promise<Row[]> {
  const { posthorn, project } = await openProject(bench, firstAttempt, policy);
  await project.newEndpoint(`${bench.urls.healthy}/0`, ['bench.healthy']);
  const silentEndpoint = await project.newEndpoint(`${bench.urls.silent}/0`, ['bench.hole']);
  const hole = startRemote<PublisherCommands>('../load/publisher.ts');
  try {
    const alone = await observe(bench, posthorn, project, 'alone', ALONE_SECONDS);
    const filling = hole.call('publish', {
      ...{ url: posthorn.url, key: project.key, type: 'bench.hole', run: bench.nextRunId() },
      loop: { kind: 'open', perSecond, seconds },
    });
    const beside: Row[] = [];
    for (let n = 1; n <= samples; n++) {
      const name = `with it, part ${n} of ${samples}`;
      beside.push(await observe(bench, posthorn, project, name, seconds / samples));
    }
    await filling;
    return [alone, ...beside].map((row) => ({
      'first attempt': firstAttempt,
      ...row,
      'p95 ÷ alone': ratio(Number(row.p95), Number(alone.p95)),
    }));
  } finally {
    await project.deleteEndpoint(silentEndpoint); // otherwise its retries would run during the next measure
    await hole.stop();
  }
}

/** In a process whose code is compiled, so that both halves of the comparison run at the same speed. */
async function openProject(bench: BenchContext, firstAttempt: FirstAttempt, policy: object | undefined) {
  const subject = await openSubject(bench, firstAttempt, 1);
  await compileOnce(bench, subject, 1);
  const posthorn = await bench.posthorn({ grouping: 'auto', firstAttempt });
  return { posthorn, project: await posthorn.newProject(policy && { policy }) };
}

async function observe(
  bench: BenchContext,
  posthorn: Posthorn,
  project: Project,
  name: string,
  seconds: number,
): Promise<Row> {
  const run = bench.nextRunId();
  await bench.receiver.call('reset', run);
  const before = cpuMsByServer(posthorn.pids());
  const published = await bench.publisher.call('publish', {
    ...{ url: posthorn.url, key: project.key, type: 'bench.healthy', run },
    loop: { kind: 'open', perSecond: HEALTHY_PER_SECOND, seconds },
  });
  const pids = posthorn.pids();
  const after = cpuMsByServer(pids);
  const memory = memoryMbByServer(pids);
  await sleep(1_000); // for the last deliveries
  const tookMs = (await bench.receiver.call('arrivals')).map(([, took]) => took / 1_000);
  const { silentPosts } = await bench.receiver.call('count');
  const cpu = SERVERS.reduce((sum, server) => sum + after[server] - before[server], 0);
  return {
    '': name,
    p50: roundForReport(percentile(tookMs, 0.5)),
    p95: roundForReport(percentile(tookMs, 0.95)),
    p99: roundForReport(percentile(tookMs, 0.99)),
    'not yet delivered': published.acceptedIds.length - tookMs.length,
    'POSTs to the unresponsive/s': roundForReport(silentPosts / seconds),
    'CPU %': Math.round(cpu / (seconds * 10)),
    'memory MB posthorn/postgres/temporal': SERVERS.map((server) => memory[server]).join(' / '),
    'open workflows': await countOpenWorkflows(posthorn),
  };
}
