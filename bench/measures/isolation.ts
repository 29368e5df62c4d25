import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import type { Load, PublisherCommands } from '../load/publisher.ts';
import { percentile, roundForReport } from '../percentiles.ts';
import type { Posthorn, Project } from '../processes/posthorn.ts';
import { cpuMsByServer, memoryMbByServer, SERVERS } from '../processes/process-usage.ts';
import { startRemote } from '../processes/remote-process.ts';

const HEALTHY_PER_SECOND = 50;
const ALONE_SECONDS = 30;

export type IsolationOptions = {
  perSecond: number;
  seconds: number;
  policy?: object;
  runByDefault: boolean;
  samples: number;
};

/** A healthy receiver, first alone, then with a receiver of the same project that never responds. */
export const isolation = ({
  perSecond,
  seconds,
  policy,
  runByDefault,
  samples,
}: IsolationOptions): Scenario => ({
  title:
    `Healthy endpoint at ${HEALTHY_PER_SECOND}/s with an unresponsive endpoint at ${perSecond}/s for ${seconds} s` +
    (policy ? ` with the policy ${JSON.stringify(policy)}` : ''),
  runByDefault,
  async run(bench) {
    const posthorn = await bench.posthorn('auto');
    const project = await posthorn.newProject(policy && { policy });
    await project.newEndpoint(`${bench.urls.healthy}/0`, ['bench.healthy']);
    const silentEndpoint = await project.newEndpoint(`${bench.urls.silent}/0`, ['bench.hole']);
    const hole = startRemote<PublisherCommands>('../load/publisher.ts');
    try {
      const rows = [await observe(bench, posthorn, project, 'alone', ALONE_SECONDS)];
      const filling = hole.call(
        'publish',
        load(posthorn, project, 'bench.hole', bench.nextRunId(), perSecond, seconds),
      );
      for (let n = 1; n <= samples; n++) {
        const name = `with it, part ${n} of ${samples}`;
        rows.push(await observe(bench, posthorn, project, name, seconds / samples));
      }
      await filling;
      return rows;
    } finally {
      await project.deleteEndpoint(silentEndpoint); // otherwise its retries would run during the next measure
      await hole.stop();
    }
  },
});

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
  const published = await bench.publisher.call(
    'publish',
    load(posthorn, project, 'bench.healthy', run, HEALTHY_PER_SECOND, seconds),
  );
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
    'open workflows': await openWorkflows(posthorn),
  };
}

const load = (
  posthorn: Posthorn,
  { key }: Project,
  type: string,
  run: string,
  perSecond: number,
  seconds: number,
): Load => ({
  url: posthorn.url,
  key,
  type,
  run,
  loop: { kind: 'open', perSecond, seconds },
  batch: 1,
  retryUntilAccepted: false,
});

async function openWorkflows(posthorn: Posthorn): Promise<number> {
  const connection = await Connection.connect({ address: posthorn.temporalAddress() });
  try {
    const query = "ExecutionStatus='Running'";
    const { count } = await connection.workflowService.countWorkflowExecutions({
      namespace: 'default',
      query,
    });
    return Number(count);
  } finally {
    await connection.close();
  }
}
