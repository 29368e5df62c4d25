import type { PipelineCommands } from './bare-pipeline/pipeline-process.ts';
import type { Figures } from './figures.ts';
import type { PublisherCommands } from './load/publisher.ts';
import type { ReceiverCommands } from './load/receiver.ts';
import type { FirstAttempt, Posthorn, PosthornMode } from './processes/posthorn.ts';
import type { Remote } from './processes/remote-process.ts';

/** Resources that the measures share. */
export type BenchContext = {
  /** A Posthorn without load. Consecutive measures with the same mode share it. */
  posthorn(mode: PosthornMode): Promise<Posthorn>;
  /** The process of the bare pipeline, not started. */
  barePipeline(): Remote<PipelineCommands>;
  /** The ways to make the first attempt that are measured. */
  firstAttempts: FirstAttempt[];
  receiver: Remote<ReceiverCommands>;
  /** Origins of the receiver that responds and of the one that does not. */
  urls: { healthy: string; silent: string };
  publisher: Remote<PublisherCommands>;
  /** Duration of each load. */
  seconds: number;
  /** Duration of the memory measure. */
  minutes: number;
  /** Rounds of the measures of statistics and tracing. */
  rounds: number;
  /** Events of the measure of months. */
  events: number;
  /** What this run has measured so far, for the ratios. */
  figures: Figures;
  /** An id that no earlier load had. */
  nextRunId(): string;
  /** Runs `warm` unless it has been run for this process. */
  warmUpOnce(process: object, warm: () => Promise<unknown>): Promise<void>;
};

export type Row = Record<string, string | number>;
export type Table = { title: string; rows: Row[] };

export type Scenario = {
  title: string;
  /** Whether it runs without --only. */
  runByDefault: boolean;
  /** For --help, with 30 s for each load and both ways to make the first attempt. */
  takes: string;
  run(bench: BenchContext): Promise<Row[]>;
};
