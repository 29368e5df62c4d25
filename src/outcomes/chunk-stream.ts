import { Readable } from 'node:stream';

/** The chunk that exceeds this limit is still buffered. */
const BUFFERED_BYTES = 16 * 1024;

/**
 * A stream of chunks that are made as they are read. `onDestroyed` is called once when it ends or its reader leaves, also while
 * `source` waits for its next chunk: Readable.from would call it only after that.
 */
export const chunkStream = (source: AsyncGenerator<Buffer>, onDestroyed: () => void): Readable =>
  new Readable({
    highWaterMark: BUFFERED_BYTES,
    read() {
      source.next().then(
        ({ done, value }) => void this.push(done ? null : value),
        (error: Error) => void this.destroy(error),
      );
    },
    destroy(error, done) {
      onDestroyed();
      done(error);
    },
  });
