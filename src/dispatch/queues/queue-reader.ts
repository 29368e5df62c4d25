/** `requested`: a read follows, at once or after the one that is under way. `reading`: none follows yet. */
type State = 'idle' | 'requested' | 'reading' | 'closed';

/** Reads a queue in Postgres, one read at a time. */
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
  const closing = Promise.withResolvers<void>();

  async function readRequested(): Promise<void> {
    while (state === 'requested') {
      state = 'reading';
      await read().catch(pauseAndRepeat);
    }
    if (state === 'closed') return;
    state = 'idle';
    onIdle();
  }

  async function pauseAndRepeat(error: unknown): Promise<void> {
    onFailure(error);
    const pause = new Promise((resolve) => setTimeout(resolve, FAILURE_PAUSE_MS).unref());
    await Promise.race([pause, closing.promise]);
    if (state === 'reading') state = 'requested';
  }

  return {
    request() {
      const isIdle = state === 'idle';
      if (state !== 'closed') state = 'requested';
      if (isIdle) reading = readRequested();
    },
    async close() {
      state = 'closed';
      closing.resolve();
      await reading;
    },
  };
}
