import { isAfter, type OutcomeRow, positionOf, type StreamPosition } from '../store/outcomes/outcomes.ts';

/** What a stream has not taken yet; one whose reader is slower reads from Postgres again, in its turn. */
const MOST_PENDING = 500;
/** Rows of one chunk of a stream: some 30 kB, which is what a reader that stops reading keeps in memory. */
const ROWS_AT_ONCE = 100;

export type TakeResult =
  /** `place` is the place after them, and after what is other consumers'. */
  | { kind: 'rows'; rows: OutcomeRow[]; position: StreamPosition }
  /** More came than is kept: go on from the last place. */
  | { kind: 'overflowed' }
  | { kind: 'ended' };

/** The outcomes of a feed that one stream has not taken yet. */
export class Subscription {
  /** What the feed had read when this began. */
  readonly feedPosition: StreamPosition;
  readonly #consumer: string | null;
  readonly #onClose: () => void;
  #pending: OutcomeRow[] = [];
  #place: StreamPosition;
  /** The feed has passed the place at which this began: all that it offers is new. */
  #isLevel = false;
  #state: 'open' | 'overflowed' | 'ended' = 'open';
  #wake: () => void = () => {};

  constructor(
    {
      consumer,
      start,
      feedPosition,
    }: { consumer: string | null; start: StreamPosition; feedPosition: StreamPosition },
    onClose: () => void,
  ) {
    this.#consumer = consumer;
    this.feedPosition = feedPosition;
    this.#place = isAfter(start, feedPosition) ? start : feedPosition;
    this.#onClose = onClose;
  }

  offer(rows: OutcomeRow[], place: StreamPosition): void {
    // A feed may come from behind the place at which its subscriber began.
    if (this.#state !== 'open' || isAfter(this.#place, place)) return;
    for (const row of rows) {
      const isOwn = this.#consumer === null || row.consumer === this.#consumer;
      if (isOwn && (this.#isLevel || isAfter(row, this.#place))) this.#pending.push(row);
    }
    this.#isLevel = true;
    this.#place = place;
    if (this.#pending.length > MOST_PENDING) {
      this.#state = 'overflowed';
      this.#pending = [];
    }
    if (this.#pending.length > 0 || this.#state !== 'open') this.#wake();
  }

  /** What has come; where that is nothing, waits for it for `timeoutMs`. */
  async take(timeoutMs: number): Promise<TakeResult> {
    if (this.#pending.length === 0 && this.#state === 'open') {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timeout = setTimeout(woken.resolve, timeoutMs);
      await woken.promise;
      clearTimeout(timeout);
    }
    if (this.#state !== 'open') return { kind: this.#state };
    const rows = this.#pending.splice(0, ROWS_AT_ONCE);
    return {
      kind: 'rows',
      rows,
      position: this.#pending.length > 0 ? positionOf(rows.at(-1)!) : this.#place,
    };
  }

  /** The process stops, or the stream is over. */
  end(): void {
    this.#state = 'ended';
    this.#pending = [];
    this.#wake();
    this.#onClose();
  }
}
