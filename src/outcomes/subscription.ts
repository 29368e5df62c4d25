import { isAfter, type OutcomeRow, positionOf, type StreamPosition } from '../store/outcomes/outcomes.ts';

/** Outcomes that a subscription buffers. A slower stream reads from Postgres again. */
const MAX_PENDING = 500;
/** Rows in one chunk: about 30 kB, which stay in memory while a reader does not read. */
const ROWS_PER_CHUNK = 100;

export type TakeResult =
  /** `position` is after these outcomes, and after those that were skipped. */
  | { kind: 'rows'; rows: OutcomeRow[]; position: StreamPosition }
  /** More outcomes came than are buffered: continue reading at the last position. */
  | { kind: 'overflowed' }
  | { kind: 'ended' };

/** The outcomes of a feed that one stream has not sent yet. */
export class Subscription {
  /** The position of the feed when the subscription began. */
  readonly feedPosition: StreamPosition;
  readonly #isWanted: (outcome: OutcomeRow) => boolean;
  readonly #onClose: () => void;
  #pending: OutcomeRow[] = [];
  #position: StreamPosition;
  /** Whether the feed has passed the start of the subscription, so that every outcome it offers is new. */
  #hasCaughtUp = false;
  #state: 'open' | 'overflowed' | 'ended' = 'open';
  #wake: () => void = () => {};

  constructor(
    {
      isWanted,
      start,
      feedPosition,
    }: { isWanted: (outcome: OutcomeRow) => boolean; start: StreamPosition; feedPosition: StreamPosition },
    onClose: () => void,
  ) {
    this.#isWanted = isWanted;
    this.feedPosition = feedPosition;
    this.#position = isAfter(start, feedPosition) ? start : feedPosition;
    this.#onClose = onClose;
  }

  offer(rows: OutcomeRow[], position: StreamPosition): void {
    // A feed may be behind the position at which its subscriber began.
    if (this.#state !== 'open' || isAfter(this.#position, position)) return;
    for (const row of rows) {
      if (this.#isWanted(row) && (this.#hasCaughtUp || isAfter(row, this.#position))) this.#pending.push(row);
    }
    this.#hasCaughtUp = true;
    this.#position = position;
    if (this.#pending.length > MAX_PENDING) {
      this.#state = 'overflowed';
      this.#pending = [];
    }
    if (this.#pending.length > 0 || this.#state !== 'open') this.#wake();
  }

  /** Returns the buffered outcomes, waiting up to `timeoutMs` for the first. */
  async take(timeoutMs: number): Promise<TakeResult> {
    if (this.#pending.length === 0 && this.#state === 'open') {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timeout = setTimeout(woken.resolve, timeoutMs);
      await woken.promise;
      clearTimeout(timeout);
    }
    if (this.#state !== 'open') return { kind: this.#state };
    const rows = this.#pending.splice(0, ROWS_PER_CHUNK);
    return {
      kind: 'rows',
      rows,
      position: this.#pending.length > 0 ? positionOf(rows.at(-1)!) : this.#position,
    };
  }

  /** Ends the subscription. */
  end(): void {
    this.#state = 'ended';
    this.#pending = [];
    this.#wake();
    this.#onClose();
  }
}
