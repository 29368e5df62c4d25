import type { PipelineCommands } from './bare-pipeline/pipeline-process.ts';
import type { BenchContext } from './bench.ts';
import { noFigures } from './figures.ts';
import type { PublisherCommands } from './load/publisher.ts';
import type { ReceiverCommands } from './load/receiver.ts';
import type { BenchOptions } from './options.ts';
import { type Posthorn, type PosthornMode, startPosthorn } from './processes/posthorn.ts';
import { type Remote, startRemote } from './processes/remote-process.ts';

/** Starts the receiver and the publisher, and Posthorn when a measure asks for it. `end` stops everything. */
export async function startContext({
  seconds,
  minutes,
  rounds,
  events,
  firstAttempts,
  profileDir,
}: BenchOptions): Promise<BenchContext & { end(): Promise<void> }> {
  const receiver = startRemote<ReceiverCommands>('../load/receiver.ts');
  const publisher = startRemote<PublisherCommands>('../load/publisher.ts');
  let pipeline: Remote<PipelineCommands> | null = null;
  let running: { mode: PosthornMode; posthorn: Posthorn } | null = null;
  const warm = new WeakSet<object>();
  let runs = 0;

  async function stopPosthorn(): Promise<void> {
    const stopping = running?.posthorn;
    running = null;
    await stopping?.stop();
  }

  return {
    async posthorn(mode) {
      if (running && !isSame(running.mode, mode)) await stopPosthorn();
      running ??= { mode, posthorn: await startPosthorn({ ...mode, cpuProfileDir: profileDir }) };
      return running.posthorn;
    },
    barePipeline: () => {
      pipeline ??= startRemote<PipelineCommands>('../bare-pipeline/pipeline-process.ts');
      return pipeline;
    },
    firstAttempts,
    receiver,
    urls: await receiver.call('listen'),
    publisher,
    seconds,
    minutes,
    rounds,
    events,
    figures: noFigures(),
    nextRunId: () => `b${++runs}`,
    async warmUpOnce(process, warmUp) {
      if (warm.has(process)) return;
      warm.add(process);
      await warmUp();
    },
    async end() {
      await stopPosthorn();
      await Promise.all([publisher.stop(), receiver.stop(), pipeline?.stop()]);
    },
  };
}

const isSame = (one: PosthornMode, other: PosthornMode): boolean =>
  one.grouping === other.grouping && one.firstAttempt === other.firstAttempt;
