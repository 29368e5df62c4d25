import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReceivedRequest } from '../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { findPython } from '../set-up/find-python.ts';

const python = findPython();

/** Why the Python receivers cannot run here; undefined if they can. */
export const pythonMissingReason = (): string | undefined =>
  python === undefined ? 'no Python 3.9 or later was found' : undefined;

export type PythonReceivers = {
  accepts(provider: string, request: ReceivedRequest, secret: string): Promise<boolean>;
  close(): Promise<void>;
};

/** Uses one process for all requests, because starting Python takes longer than verifying 1,000 requests. */
export function startPythonReceivers(): PythonReceivers {
  if (python === undefined) throw new Error(pythonMissingReason());
  const child: ChildProcessWithoutNullStreams = spawn(python, [join(__dirname, 'page_receivers.py')]);
  const exited = once(child, 'exit');
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const results = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  return {
    async accepts(provider, { headers, body }, secret) {
      const request = { provider, headers, secret, body: body.toString('base64') };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await results.next();
      if (done) throw new Error(`the Python receivers ended: ${Buffer.concat(stderr)}`);
      return JSON.parse(value) as boolean;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
