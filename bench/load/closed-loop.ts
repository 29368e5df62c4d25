import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext } from '../bench.ts';
import { type ClosedLoopFigures, measureOnce, type SubjectName } from '../figures.ts';
import { percentile } from '../percentiles.ts';
import { cpuMsByServer, memoryMbByServer, SERVERS, type ServerPids } from '../processes/process-usage.ts';
import { countWorkflowsSince } from '../processes/workflow-counts.ts';
import { waitForArrivals } from './arrivals.ts';
import { type Grouping, openSubject, type Subject } from './subjects.ts';

export const PUBLISHERS = 32;
export const BATCH = 100;
/** Fewer publishers, because each has a batch of events in flight. */
export const BATCH_PUBLISHERS = 4;
/** Batches are accepted several times faster than delivered, so a load of full duration would take minutes to drain. */
const BATCH_SHARE = 0.2;
/** Once for each process: CPU time per delivery fell from 0.84 to 0.5 ms in these seconds, and stayed. */
const COMPILATION_SECONDS = 12;
/** For each load: connections, query plans, caches of the project. */
const WARM_UP_SECONDS = 2;
/** The last outcomes are recorded after the arrivals, and their cost is included. */
const RECORDING_MS = 500;

export type ClosedLoop = {
  subject: SubjectName;
  fanOut: number;
  grouping: Grouping;
  batch: 'single' | 'batch';
};

/** Single grouped posts, measured at most once in a run. */
export const closedLoopOnce = (bench: BenchContext, subject: SubjectName, fanOut: number) =>
  measureOnce(bench.figures.closedLoops, `${subject} ${fanOut}`, () =>
    runClosedLoop(bench, { subject, fanOut, grouping: 'auto', batch: 'single' }),
  );

/** Each publisher posts again as soon as it has a response. */
export async function runClosedLoop(bench: BenchContext, loop: ClosedLoop): Promise<ClosedLoopFigures> {
  return runClosedLoopOn(bench, await openSubject(bench, loop.subject, loop.fanOut, loop.grouping), loop);
}

/** The same on a subject that is open already, and is closed afterwards. `onWarm` runs right before the load that counts. */
export async function runClosedLoopOn(
  bench: BenchContext,
  subject: Subject,
  loop: ClosedLoop,
  onWarm?: () => Promise<void>,
): Promise<ClosedLoopFigures> {
  try {
    await warmUp(bench, subject, loop, Math.min(WARM_UP_SECONDS, bench.seconds));
    await onWarm?.();
    return await measureLoop(bench, subject, loop);
  } finally {
    await subject.close();
  }
}

/** Runs a process at full load until its code is compiled. */
export const compileOnce = (bench: BenchContext, subject: Subject, fanOut: number): Promise<void> =>
  bench.warmUpOnce(subject.process, () =>
    offer(bench, subject, { fanOut, grouping: 'auto', batch: 'single' }, COMPILATION_SECONDS),
  );

/** Offers a load that is not counted, after one that compiles the code of the process. */
export async function warmUp(
  bench: BenchContext,
  subject: Subject,
  loop: ClosedLoop,
  seconds: number,
): Promise<void> {
  await bench.warmUpOnce(subject.process, () => offer(bench, subject, loop, COMPILATION_SECONDS));
  await offer(bench, subject, loop, seconds);
}

async function offer(
  { receiver, publisher, nextRunId }: BenchContext,
  subject: Subject,
  { fanOut, grouping, batch }: Omit<ClosedLoop, 'subject'>,
  seconds: number,
) {
  const run = nextRunId();
  await receiver.call('reset', run);
  const inBatches = batch === 'batch';
  const published = await publisher.call('publish', {
    url: subject.urls ?? subject.url,
    key: subject.key,
    run,
    loop: { kind: 'closed', publishers: inBatches ? BATCH_PUBLISHERS : PUBLISHERS, seconds },
    batch: inBatches ? BATCH : 1,
    // With a workflow per event, delivering is 30 times slower than accepting; a backlog would take minutes to drain.
    waitForDelivery: grouping === 'never' && subject.posthorn !== null,
  });
  return { published, ...(await waitForArrivals(receiver, published.acceptedIds.length * fanOut)) };
}

/** Offers a load for the duration of the run. */
export async function measureLoop(
  bench: BenchContext,
  subject: Subject,
  loop: ClosedLoop,
): Promise<ClosedLoopFigures> {
  const startedAt = new Date();
  const before = cpuMsByServer(subject.pids());
  const seconds = bench.seconds * (loop.batch === 'batch' ? BATCH_SHARE : 1);
  const { published, arrived, duplicates, lastArrivalAt } = await offer(bench, subject, loop, seconds);
  await sleep(RECORDING_MS);
  const pids = subject.pids();
  const after = cpuMsByServer(pids);
  const memoryMb = memoryMbByServer(pids);

  const accepted = published.acceptedIds.length;
  const perSecond = (count: number, until: number) => (count * 1e6) / (until - published.startedAt);
  const cpuMs = cpuPerDelivery(before, after, arrived);
  const workflows = subject.posthorn ? await countWorkflowsSince(subject.posthorn, startedAt) : 0;
  return {
    acceptedPerSecond: perSecond(accepted, published.endedAt),
    deliveredPerSecond: perSecond(arrived, lastArrivalAt),
    notDelivered: accepted * loop.fanOut - arrived,
    repeated: duplicates,
    refused: published.failedPosts,
    deliveries: arrived,
    workflows,
    workflowsPerSecond: perSecond(workflows, lastArrivalAt),
    acceptP50Ms: percentile(published.acceptLatenciesMs, 0.5),
    acceptP95Ms: percentile(published.acceptLatenciesMs, 0.95),
    cpuMs,
    totalCpuMs: SERVERS.reduce((sum, server) => sum + cpuMs[server], 0),
    memoryMb,
  };
}

type ByServer = Record<keyof ServerPids, number>;

function cpuPerDelivery(before: ByServer, after: ByServer, deliveries: number): ByServer {
  const of = (server: keyof ServerPids) => (after[server] - before[server]) / Math.max(1, deliveries);
  return { posthorn: of('posthorn'), postgres: of('postgres'), temporal: of('temporal') };
}
