import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildWithGo, type Go } from '../src/embedded/processes/build-with-go.ts';
import { withProgressLog } from '../src/embedded/processes/progress-log.ts';
import { ProgramFailed } from '../src/embedded/processes/run-in-group.ts';

export type FolderBuild = {
  name: string;
  folder: string;
  /** How long it takes, in words. */
  takes: string;
  /** The oldest version of Go that builds it. */
  go: string;
};

/** Fills a folder with what `build` makes; if that fails, leaves the folder as it was, and says so by the exit code. */
export async function buildFolder(
  { name, folder, takes, go: version }: FolderBuild,
  build: (partial: string, go: Go) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const buildAndRename = async (partial: string, go: Go): Promise<void> => {
    await withProgressLog(console.log, `Building ${name} with Go (once, ${takes})`, () => build(partial, go));
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  };
  try {
    await buildWithGo(`${folder}.partial-`, buildAndRename, { env: process.env });
    console.log(`Built: ${folder}`);
  } catch (error) {
    console.error(error instanceof ProgramFailed ? `${error.message}\n${error.output}` : error);
    console.error(`${name} could not be built. It needs Go ${version} or later on PATH.`);
    process.exitCode = 1;
  }
}
