import type { ReadStream } from 'node:tty';

const CTRL_C = '\u0003';

/** Calls the handlers of pressed keys, on a terminal. Returns a function that gives the terminal back. */
export function watchKeys(stdin: ReadStream, handlers: Record<string, () => void>): () => void {
  const onData = (data: Buffer): void => {
    for (const key of data.toString('utf8')) {
      // In this mode the terminal makes no signal of it.
      if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
      else handlers[key]?.();
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData).resume();
  return () => {
    stdin.off('data', onData).pause();
    stdin.setRawMode(false);
  };
}
