import { join } from 'node:path';
import { type ProgramResult, runProgram } from '../../sdk/run-program.ts';
import type { TestPosthorn } from '../../set-up/test-posthorn.ts';

export const CLI = join(__dirname, '../../../src/cli/program.ts');

export type CommandResult = ProgramResult & {
  /** The lines of stdout, parsed. Throws if one is not a JSON object. */
  json(): Record<string, unknown>[];
};

/** The variables of a command: the address and the key of the project, and no data folder. */
export const variablesOf = ({ url, project }: Pick<TestPosthorn, 'url' | 'project'>) => ({
  POSTHORN_URL: url,
  POSTHORN_KEY: project.key,
  POSTHORN_DATA_DIR: '/nonexistent',
  NO_COLOR: '1',
});

/** Runs `posthorn` in a process of its own, to its end. Its output is no terminal. */
export async function runCommand(
  args: string[],
  env: Record<string, string>,
  input?: string,
): Promise<CommandResult> {
  const ended = await runProgram(process.execPath, [CLI, ...args], {
    env,
    ...(input !== undefined && { input }),
  });
  return {
    ...ended,
    json: () =>
      ended.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          expect(line).toMatch(/^\{.*\}$/);
          return JSON.parse(line) as Record<string, unknown>;
        }),
  };
}
