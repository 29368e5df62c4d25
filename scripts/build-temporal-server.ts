// `npm run temporal-server`: builds the Temporal server of docker-compose.yml and its SQL tool with Go, from the Go module
// proxy, and copies the schema for Postgres. `npm run test:cluster` needs them. With --check, it only says by its exit code
// whether they are there.
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withProgressLog } from '../src/embedded/processes/progress-log.ts';
import { ProgramFailed, runInProcessGroup } from '../src/embedded/processes/run-in-group.ts';
import {
  isTemporalServerBuilt,
  TEMPORAL_SERVER_VERSION,
  temporalServerFiles,
  temporalServerFolder,
} from './temporal-server.ts';

const MODULE = 'go.temporal.io/server';
const version = `v${TEMPORAL_SERVER_VERSION}`;
const folder = temporalServerFolder();

if (process.argv.includes('--check')) process.exitCode = isTemporalServerBuilt() ? 0 : 1;
else if (isTemporalServerBuilt()) console.log(`It is built already: ${folder}`);
else await build();

/** Builds in a temporary folder and renames it, so that an unfinished build is never used. */
async function build(): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}.partial-`);
  const files = temporalServerFiles(partial);
  try {
    await withProgressLog(
      console.log,
      `Building the Temporal server ${TEMPORAL_SERVER_VERSION} with Go (once, five to ten minutes)`,
      () => go(partial, 'install', `${MODULE}/cmd/server@${version}`, `${MODULE}/cmd/tools/sql@${version}`),
    );
    renameSync(join(partial, 'server'), files.server);
    renameSync(join(partial, 'sql'), files.sqlTool);
    const { Dir } = JSON.parse(await go(partial, 'mod', 'download', '-json', `${MODULE}@${version}`));
    copyFiles(join(Dir, 'schema/postgresql/v12'), files.schema);
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    renameSync(partial, folder);
    console.log(`Built: ${folder}`);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    console.error(error instanceof ProgramFailed ? `${error.message}\n${error.output}` : error);
    console.error(
      `The Temporal server ${TEMPORAL_SERVER_VERSION} could not be built. It needs Go 1.26 or later on PATH.`,
    );
    process.exitCode = 1;
  }
}

/** In an empty folder and without a workspace, so that no go.mod or go.work of a parent folder applies. */
function go(cwd: string, ...args: string[]): Promise<string> {
  return runInProcessGroup('go', args, {
    cwd,
    env: { ...process.env, GOBIN: cwd, GOWORK: 'off', GOFLAGS: '' },
  });
}

/** File by file: the folders of Go's module cache are read-only, and their copies would be. */
function copyFiles(from: string, to: string): void {
  for (const path of globSync('**/*', { cwd: from })) {
    if (statSync(join(from, path)).isDirectory()) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), readFileSync(join(from, path)));
  }
}
