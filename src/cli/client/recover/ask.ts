import { createInterface } from 'node:readline/promises';

/** Asks a question on the terminal. False if the answer is anything but yes, or if there is none. */
export async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  // In lines, so that Ctrl-C stays a signal.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
