/*
 * Reads a queue in Postgres, one read at a time.
 *
 *   from           request        read ended   read failed   pause ended   close
 *   idle           reading                                                 closed
 *   reading        reading again  idle         paused                      closed
 *   reading again                 reading      paused                      closed
 *   paused                                                   reading       closed
 */
type State = 'idle' | 'reading' | 'reading again' | 'paused' | 'closed';

/** While Postgres is down, reads would follow one another without a pause. */
const FAILURE_PAUSE_MS = 250;

export class QueueReader {
  readonly #deps: { read: () => Promise<void>; onIdle: () => void; onFailure: (error: unknown) => void };
  #state: State = 'idle';
  #reading: Promise<void> = Promise.resolve();
  #pause: NodeJS.Timeout | undefined;

  /** `onIdle` is called when a read has ended and no other follows. */
  constructor(deps: { read: () => Promise<void>; onIdle: () => void; onFailure: (error: unknown) => void }) {
    this.#deps = deps;
  }

  /** Reads the queue now, or once more after the read that is under way. */
  request(): void {
    if (this.#state === 'idle') this.#start();
    else if (this.#state === 'reading') this.#state = 'reading again';
  }

  /** Resolves when no read is under way; none follows. */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#pause);
    await this.#reading;
  }

  #start = (): void => {
    this.#state = 'reading';
    this.#reading = this.#deps.read().then(this.#end, this.#fail);
  };

  #end = (): void => {
    if (this.#state === 'reading again') this.#start();
    else if (this.#state === 'reading') {
      this.#state = 'idle';
      this.#deps.onIdle();
    }
  };

  #fail = (error: unknown): void => {
    this.#deps.onFailure(error);
    if (this.#state === 'closed') return;
    this.#state = 'paused';
    this.#pause = setTimeout(this.#start, FAILURE_PAUSE_MS);
  };
}
