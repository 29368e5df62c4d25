import { writeSync } from 'node:fs';

export type LineWriter = {
  /** Takes text with its line end. Never waits, never throws. */
  write(line: string): void;
  /** Lines lost since the start, because the file or the reader behind it took none. */
  lostLines(): number;
  /** Tries what waits once more, for the end of the process. */
  flush(): void;
};

export type LineWriterOptions = {
  /** The line that is written first when writing works again. */
  formatLostNotice: (lines: number) => string;
  /** Returns how many of the bytes it has written; throws what the system says. */
  write?: (bytes: Buffer) => number;
  /** Bytes that may wait for a reader that is behind; what comes then is lost. */
  maxBufferedBytes?: number;
};

type Entry = {
  bytes: Buffer;
  begun: boolean /** Of a notice: how many lost lines it tells of. */;
  tells?: number;
};

const MAX_WAITING = 1024 * 1024;
const AGAIN_MS = 50;
/** The reader of the pipe is behind; everything else (ENOSPC, EPIPE, EIO, EDQUOT, …) loses the line. */
const BEHIND = new Set(['EAGAIN', 'EWOULDBLOCK', 'EBUSY', 'EINTR']);

/**
 * Writes lines to standard output, and loses them where it must: on a full disk, after the reader of a pipe has gone, or
 * beside one that does not read. pino's own destination waits for a slow reader with the whole process, and keeps what
 * it could not write, to throw again at each line.
 */
export function createLineWriter({
  formatLostNotice,
  write = writeToStandardOutput(),
  maxBufferedBytes = MAX_WAITING,
}: LineWriterOptions): LineWriter {
  const waiting: Entry[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let untold = 0;
  /** A line was written in part only: the next begins on a line of its own. */
  let isTorn = false;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    while (waiting.length > 0) {
      const first = waiting[0]!;
      if (untold > 0 && !first.begun && first.tells === undefined) {
        const notice = Buffer.from((isTorn ? '\n' : '') + formatLostNotice(untold));
        waiting.unshift({ bytes: notice, begun: false, tells: untold });
        waitingBytes += notice.length;
      }
      const end = put(waiting[0]!);
      if (end === 'behind') {
        tryLater();
        return;
      }
      const { tells } = remove();
      if (end === 'failed') {
        // What did not take the notice takes no line either.
        if (tells !== undefined) remove();
        lost++;
        untold++;
      } else if (tells !== undefined) {
        untold -= tells;
        isTorn = false;
      }
    }
    clearTimeout(timer);
    timer = undefined;
  }

  function put(entry: Entry): 'written' | 'behind' | 'failed' {
    try {
      while (entry.bytes.length > 0) {
        const count = write(entry.bytes);
        entry.bytes = entry.bytes.subarray(count);
        waitingBytes -= count;
        entry.begun = true;
      }
      return 'written';
    } catch (error) {
      if (BEHIND.has((error as NodeJS.ErrnoException).code ?? '')) return 'behind';
      isTorn ||= entry.begun;
      return 'failed';
    }
  }

  function remove(): Entry {
    const entry = waiting.shift()!;
    waitingBytes -= entry.bytes.length;
    return entry;
  }

  function tryLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      flush();
    }, AGAIN_MS).unref();
  }

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes > 0 && waitingBytes + bytes.length > maxBufferedBytes) {
        lost++;
        untold++;
        return;
      }
      waiting.push({ bytes, begun: false });
      waitingBytes += bytes.length;
      if (!timer) flush();
    },
    lostLines: () => lost,
    flush,
  };
}

function writeToStandardOutput(): (bytes: Buffer) => number {
  // Node makes a pipe non-blocking when it makes the stream: else a reader that stops would stop the process.
  const { fd } = process.stdout;
  return (bytes) => writeSync(fd, bytes);
}
