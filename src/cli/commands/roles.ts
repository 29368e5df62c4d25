import type { Command } from 'commander';
import { runUntilStopped } from '../run-until-stopped.ts';

export function registerApi(program: Command): void {
  program
    .command('api')
    .description('run the HTTP API, with your own Postgres and Temporal')
    .action(() => runRole('api'));
}

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('run a worker, with your own Postgres and Temporal')
    .action(() => runRole('worker'));
}

const runRole = (role: 'api' | 'worker'): Promise<void> =>
  runUntilStopped(role, 'info', async (context) => {
    const { startRole } = await import('../start-role.ts');
    await startRole(context, { api: role === 'api', worker: role === 'worker' });
  });
