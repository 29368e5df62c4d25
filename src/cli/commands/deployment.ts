import type { Command } from 'commander';
import { describeStartFailure } from '../../service/preflight/describe-start-failure.ts';
import { print, readConfigOrExit } from '../terminal.ts';

export function registerDeployment(program: Command): void {
  program
    .command('deployment')
    .description('change the worker deployment POSTHORN_DEPLOYMENT')
    .command('set-current [build]')
    .description('let a build get all new workflows: by default the one of this installation')
    .option('--unversioned', 'let workers without a version get them, before POSTHORN_DEPLOYMENT is unset')
    .action(runSetCurrent);
}

async function runSetCurrent(
  build: string | undefined,
  { unversioned = false }: { unversioned?: boolean },
): Promise<void> {
  const config = readConfigOrExit('deployment');
  try {
    const { setCurrent } = await import('../../service/preflight/set-current-build.ts');
    const current = await setCurrent(config, unversioned ? null : build);
    print(
      current === null
        ? 'Workers without a version get new workflows now'
        : `The build ${current} is current now`,
    );
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`posthorn deployment set-current: ${describeStartFailure(error, config)}\n`);
  }
}
