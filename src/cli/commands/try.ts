import type { Command } from 'commander';
import { describeStartFailure } from '../../service/preflight/describe-start-failure.ts';
import { print, readConfigOrExit } from '../terminal.ts';
import { findPosthorn } from '../try/find-posthorn.ts';
import { TRIAL_PROFILE_NAMES } from '../try/reference-verifiers/registry.ts';
import { TryFailure } from '../try/try-failure.ts';

type TryOptions = { url?: string; adminKey?: string };

export function registerTry(program: Command): void {
  program
    .command('try')
    .description('play a provider against a running Posthorn, and print what its receivers get')
    .argument('<profile>', TRIAL_PROFILE_NAMES.join(', '))
    .option('--url <url>', 'URL of the API (default: the API of "posthorn start", else POSTHORN_PUBLIC_URL)')
    .option('--admin-key <key>', 'admin key (default: POSTHORN_ADMIN_KEY, else the key in the data folder)')
    .action(runTry);
}

async function runTry(profile: string, options: TryOptions): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const config = readConfigOrExit('try');
  try {
    // The profiles would slow down every other command.
    const { tryProfile } = await import('../try/try-profile.ts');
    await tryProfile(profile, findPosthorn(config, options), { print, interrupted: interrupted.signal });
  } catch (error) {
    process.exitCode = 1;
    const message = error instanceof TryFailure ? error.message : describeStartFailure(error, config);
    process.stderr.write(`\nposthorn try: ${message}\n`);
  }
}
