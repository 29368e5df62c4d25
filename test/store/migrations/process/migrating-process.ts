import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process that migrates. */
export type MigratingProcess = {
  output(): string;
  /** Resolves with its exit code; null after `kill`. */
  ended: Promise<number | null>;
  /** kill -9. Resolves when the process is gone; its backend in Postgres may still be there. */
  kill(): Promise<void>;
};

export function startMigrating(url: string, folder: string, batchRows?: number): MigratingProcess {
  const script = join(__dirname, 'migrate-folder.ts');
  const batch = batchRows === undefined ? [] : [String(batchRows)];
  const child = spawn(process.execPath, [script, url, folder, ...batch]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
