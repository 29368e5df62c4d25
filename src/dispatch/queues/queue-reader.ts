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

export type QueueReader = {
  /** Reads the queue now, or once more after the read that is under way. */
  request(): void;
  /** Resolves when no read is under way; none follows. */
  close(): Promise<void>;
};

/** While Postgres is down, reads would follow one another without a pause. */
const FAILURE_PAUSE_MS = 250;

/** `onIdle` is called when a read has ended and no other follows. */
export function createQueueReader(
  read: () => Promise<void>,
  onFailure: (error: unknown) => void,
  onIdle = (): void => {},
): QueueReader {
  let state: State = 'idle';
  let reading = Promise.resolve();
  let pause: NodeJS.Timeout | undefined;

  function start(): void {
    state = 'reading';
    reading = read().then(end, fail);
  }

  function end(): void {
    if (state === 'reading again') start();
    else if (state === 'reading') {
      state = 'idle';
      onIdle();
    }
  }

  function fail(error: unknown): void {
    onFailure(error);
    if (state === 'closed') return;
    state = 'paused';
    pause = setTimeout(start, FAILURE_PAUSE_MS);
  }

  return {
    request() {
      if (state === 'idle') start();
      else if (state === 'reading') state = 'reading again';
    },
    async close() {
      state = 'closed';
      clearTimeout(pause);
      await reading;
    },
  };
}
