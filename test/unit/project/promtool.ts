import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const promtool = [process.env.PROMTOOL_PATH ?? [], 'promtool']
  .flat()
  .find((command) => spawnSync(command, ['--version']).status === 0);

/** Where there is no promtool, the test is skipped, with the reason in its name. `.ci/run` installs it. */
export const testWithPromtool = (name: string, run: () => void): void =>
  promtool ? test(name, run) : test.skip(`${name} (skipped: no promtool here)`, run);

/** Runs promtool in the folder of the alert rules. */
export const runPromtool = (...args: string[]) =>
  spawnSync(promtool!, args, { cwd: join(__dirname, '../../../deploy/prometheus'), encoding: 'utf8' });
