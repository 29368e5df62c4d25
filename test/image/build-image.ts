import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { runProgram } from '../sdk/run-program.ts';
import { type createCleanRoot, npmEnvironment } from './clean-root.ts';
import { type Instruction, inBuildContext, readDockerfile, type Stage } from './dockerfile.ts';

const context = join(__dirname, '../..');

export type BuiltImage = {
  /** The folder that is /app in the image. */
  app: string;
  stage: Stage;
  env: Record<string, string>;
  /** RUN instructions that were left out: they install Debian packages, which the clean root already has. */
  skipped: string[];
};

/** Runs the instructions of the Dockerfile, stage by stage, each in a clean root. Throws with the output of one that fails. */
export async function buildImage(cleanRoot: ReturnType<typeof createCleanRoot>): Promise<BuiltImage> {
  const stages = readDockerfile();
  const npm = npmEnvironment();
  const skipped: string[] = [];
  let env: Record<string, string> = {};
  for (const stage of stages) {
    const app = appOf(stage.name);
    mkdirSync(app, { recursive: true });
    env = {};
    for (const instruction of stage.instructions) {
      if (instruction.name === 'ENV') Object.assign(env, variablesIn(instruction.text));
      if (instruction.name === 'COPY') await copy(instruction, app);
      if (instruction.name !== 'RUN') continue;
      if (instruction.text.startsWith('apt-get ')) skipped.push(instruction.text);
      else await run(instruction.text, app, { ...npm, ...env });
    }
  }
  const stage = stages.at(-1)!;
  return { app: appOf(stage.name), stage, env, skipped };

  function appOf(name: string): string {
    return join(cleanRoot.folder, name, 'app');
  }

  async function run(text: string, app: string, variables: Record<string, string>): Promise<void> {
    const command = ['/bin/sh', '-c', text];
    const ended = await runProgram('unshare', cleanRoot.argumentsOf({ app, command, env: variables }));
    if (ended.code !== 0) throw new Error(`RUN ${text}\n${ended.stdout}${ended.stderr}`);
  }

  /** The working folder is /app in all stages. A folder is copied as its contents, as Docker does. */
  async function copy({ text }: Instruction, app: string): Promise<void> {
    const [, from, paths] = /^(?:--from=(\w+) )?(.*)$/.exec(text)!;
    const [target, ...sources] = paths!.split(' ').reverse() as [string, ...string[]];
    for (const source of sources) {
      const origin = from ? join(appOf(from), relative('/app', source)) : join(context, source);
      if (!from && !isIncluded(source)) throw new Error(`.dockerignore excludes ${source}`);
      const isFolder = statSync(origin).isDirectory();
      const destination = join(app, target, isFolder ? '' : basename(source));
      mkdirSync(isFolder ? destination : join(app, target), { recursive: true });
      // Linked instead of copied: node_modules of a stage has hundreds of megabytes, and nothing changes it any more.
      if (from) await link(origin, destination);
      else
        cpSync(origin, destination, {
          recursive: true,
          filter: (path) => isIncluded(relative(context, path)),
        });
    }
  }
}

const isIncluded = inBuildContext();

async function link(from: string, to: string): Promise<void> {
  const { code, stderr } = await runProgram('cp', ['-al', `${from}/.`, to]);
  if (code !== 0 || !existsSync(to)) throw new Error(stderr);
}

const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split('=') as [string, string]));
