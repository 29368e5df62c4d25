import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReceivedRequest } from '../../src/cli/try/page-receivers/page-receiver.ts';

/** Why the parts in Python cannot run here; undefined when they can. */
export function pythonMissingReason(): string | undefined {
  const { status } = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
  return status === 0 ? undefined : 'no python3 of 3.9 or later was found';
}

export type PythonReceivers = {
  accepts(provider: string, request: ReceivedRequest, secret: string): Promise<boolean>;
  close(): Promise<void>;
};

/** One process for all requests: to start Python takes longer than to verify a thousand of them. */
export function startPythonReceivers(): PythonReceivers {
  const child: ChildProcessWithoutNullStreams = spawn('python3', [join(__dirname, 'page_receivers.py')]);
  const exited = once(child, 'exit');
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  return {
    async accepts(provider, { headers, body }, secret) {
      const request = { provider, headers, secret, body: body.toString('base64') };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`the Python receivers ended: ${Buffer.concat(stderr)}`);
      return JSON.parse(value) as boolean;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
