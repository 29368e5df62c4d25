import type { PublisherCommands } from './load/publisher.ts';
import type { ReceiverCommands } from './load/receiver.ts';
import type { Posthorn, PosthornOptions } from './processes/posthorn.ts';
import type { Remote } from './processes/remote-process.ts';

/** What a measure has at hand. */
export type BenchContext = {
  /** A Posthorn that the measures with the same grouping share; nothing is under way in it. */
  posthorn(grouping: PosthornOptions['grouping']): Promise<Posthorn>;
  receiver: Remote<ReceiverCommands>;
  /** Addresses without a path, of the receiver that answers and of the one that does not. */
  urls: { healthy: string; silent: string };
  publisher: Remote<PublisherCommands>;
  /** How long each load lasts. */
  seconds: number;
  /** A name that no earlier load had. */
  nextRunId(): string;
};

export type Row = Record<string, string | number>;
export type Table = { title: string; rows: Row[] };

export type Scenario = {
  title: string;
  /** Part of a run without --only. */
  runByDefault: boolean;
  run(bench: BenchContext): Promise<Row[]>;
};
