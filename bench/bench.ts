import type { PublisherCommands } from './load/publisher.ts';
import type { ReceiverCommands } from './load/receiver.ts';
import type { Posthorn, PosthornOptions } from './processes/posthorn.ts';
import type { Remote } from './processes/remote-process.ts';

/** Resources that the measures share. */
export type BenchContext = {
  /** A Posthorn without load. Consecutive measures with the same grouping share it. */
  posthorn(grouping: PosthornOptions['grouping']): Promise<Posthorn>;
  receiver: Remote<ReceiverCommands>;
  /** Origins of the receiver that responds and of the one that does not. */
  urls: { healthy: string; silent: string };
  publisher: Remote<PublisherCommands>;
  /** Duration of each load. */
  seconds: number;
  /** An id that no earlier load had. */
  nextRunId(): string;
};

export type Row = Record<string, string | number>;
export type Table = { title: string; rows: Row[] };

export type Scenario = {
  title: string;
  /** Whether it runs without --only. */
  runByDefault: boolean;
  run(bench: BenchContext): Promise<Row[]>;
};
