import { writeSync } from 'node:fs';

export type LineWriter = {
  /** Writes a line, which includes its line end. Never waits, never throws. */
  write(line: string): void;
  /** Lines lost since the start. */
  lostLines(): number;
  /** Tries to write the buffered lines. Called when the process exits. */
  flush(): void;
};

export type LineWriterOptions = {
  /** Formats the line that reports the lost lines when writing works again. */
  formatLostNotice: (lines: number) => string;
  /** Returns how many bytes it has written. Throws the error of the system call. */
  write?: (bytes: Buffer) => number;
  /** Bytes that are buffered for a slow reader. Further lines are lost. */
  maxBufferedBytes?: number;
};

type Entry = {
  bytes: Buffer;
  isPartlyWritten: boolean;
  /** Set for a notice: how many lost lines it reports. */
  lostCount?: number;
};

const MAX_BUFFERED_BYTES = 1024 * 1024;
const RETRY_MS = 50;
/** The pipe is full. After any other error (ENOSPC, EPIPE, EIO, EDQUOT, …) the line is lost. */
const WOULD_BLOCK = new Set(['EAGAIN', 'EWOULDBLOCK', 'EBUSY', 'EINTR']);

/**
 * Writes lines to standard output. Lines are lost if the disk is full, or if the reader of a pipe has exited or does not
 * read. pino's own destination would block the process on a slow reader, and after a failed write it throws again at
 * each line.
 */
export function createLineWriter({
  formatLostNotice,
  write = writeToStandardOutput(),
  maxBufferedBytes = MAX_BUFFERED_BYTES,
}: LineWriterOptions): LineWriter {
  const buffer: Entry[] = [];
  let bufferedBytes = 0;
  let lost = 0;
  let unreportedLost = 0;
  /** The last line was written only in part, so a line end must come before the next one. */
  let hasPartialLine = false;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    while (buffer.length > 0) {
      const first = buffer[0]!;
      if (unreportedLost > 0 && !first.isPartlyWritten && first.lostCount === undefined) {
        const notice = Buffer.from((hasPartialLine ? '\n' : '') + formatLostNotice(unreportedLost));
        buffer.unshift({ bytes: notice, isPartlyWritten: false, lostCount: unreportedLost });
        bufferedBytes += notice.length;
      }
      const end = put(buffer[0]!);
      if (end === 'would_block') {
        tryLater();
        return;
      }
      const { lostCount } = remove();
      if (end === 'failed') {
        // If the notice could not be written, the line after it cannot either.
        if (lostCount !== undefined) remove();
        lost++;
        unreportedLost++;
      } else if (lostCount !== undefined) {
        unreportedLost -= lostCount;
        hasPartialLine = false;
      }
    }
    clearTimeout(timer);
    timer = undefined;
  }

  function put(entry: Entry): 'written' | 'would_block' | 'failed' {
    try {
      while (entry.bytes.length > 0) {
        const count = write(entry.bytes);
        entry.bytes = entry.bytes.subarray(count);
        bufferedBytes -= count;
        entry.isPartlyWritten = true;
      }
      return 'written';
    } catch (error) {
      if (WOULD_BLOCK.has((error as NodeJS.ErrnoException).code ?? '')) return 'would_block';
      hasPartialLine ||= entry.isPartlyWritten;
      return 'failed';
    }
  }

  function remove(): Entry {
    const entry = buffer.shift()!;
    bufferedBytes -= entry.bytes.length;
    return entry;
  }

  function tryLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      flush();
    }, RETRY_MS).unref();
  }

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (bufferedBytes > 0 && bufferedBytes + bytes.length > maxBufferedBytes) {
        lost++;
        unreportedLost++;
        return;
      }
      buffer.push({ bytes, isPartlyWritten: false });
      bufferedBytes += bytes.length;
      if (!timer) flush();
    },
    lostLines: () => lost,
    flush,
  };
}

function writeToStandardOutput(): (bytes: Buffer) => number {
  // Accessing process.stdout makes a pipe non-blocking; otherwise a stopped reader would block the process.
  const { fd } = process.stdout;
  return (bytes) => writeSync(fd, bytes);
}
