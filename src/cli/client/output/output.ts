import type { Writable } from 'node:stream';
import { type Line, render } from './lines.ts';
import { jsonLine, printable } from './printable.ts';

/** Where a command writes its result: lines for people on a terminal, otherwise JSON. */
export type Output = {
  kind: 'text' | 'json';
  /** Writes the value as one line of JSON, or as lines. Waits while the reader is slow. */
  show(value: unknown, lines: () => Line[]): Promise<void>;
  /** Replaces the previous status line on a terminal. Writes nothing elsewhere. */
  status(line: Line): void;
  /** Writes a sentence for people to stderr. */
  note(text: string): void;
};

type Streams = { stdout: Writable & { isTTY?: boolean }; stderr: Writable };

export function createOutput(
  { stdout, stderr }: Streams,
  { json, env }: { json: boolean; env: NodeJS.ProcessEnv },
): Output {
  const isTerminal = stdout.isTTY === true;
  const kind = json || !isTerminal ? 'json' : 'text';
  const isDumb = env.TERM === 'dumb';
  const coloured = isTerminal && !isDumb && !env.NO_COLOR;
  let statusShown = false;

  const clearStatus = (): string => {
    const clear = statusShown ? CLEAR_LINE : '';
    statusShown = false;
    return clear;
  };
  return {
    kind,
    async show(value, lines) {
      const texts = kind === 'json' ? [jsonLine(value)] : lines().map((line) => render(line, coloured));
      const written = stdout.write(clearStatus() + texts.map((text) => `${text}\n`).join(''));
      if (!written && !stdout.destroyed) await drained(stdout);
    },
    status(line) {
      if (kind === 'json' || isDumb) return;
      stdout.write(CLEAR_LINE + render(line, coloured));
      statusShown = true;
    },
    note: (text) => {
      if (statusShown) stdout.write(clearStatus());
      stderr.write(`${printable(text)}\n`);
    },
  };
}

/** A stream whose reader is gone never drains: it closes. */
const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });

const CLEAR_LINE = '\r\u001b[2K';
