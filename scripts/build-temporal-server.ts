// `npm run temporal-server`: builds the Temporal server of docker-compose.yml and its SQL tool with Go, from the Go module
// proxy, and copies the schema for Postgres. `npm run test:cluster` needs them. With --check, it only says by its exit code
// whether they are there.
import { globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Go } from '../src/embedded/processes/build-with-go.ts';
import { buildFolder } from './build-folder.ts';
import {
  isTemporalServerBuilt,
  TEMPORAL_SERVER_VERSION,
  temporalServerFiles,
  temporalServerFolder,
} from './temporal-server.ts';

const MODULE = 'go.temporal.io/server';
const version = `v${TEMPORAL_SERVER_VERSION}`;
const folder = temporalServerFolder();
const name = `Temporal server ${TEMPORAL_SERVER_VERSION}`;

if (process.argv.includes('--check')) process.exitCode = isTemporalServerBuilt() ? 0 : 1;
else if (isTemporalServerBuilt()) console.log(`It is built already: ${folder}`);
else await buildFolder({ name, folder, takes: 'five to ten minutes', go: '1.26' }, build);

async function build(partial: string, go: Go): Promise<void> {
  const files = temporalServerFiles(partial);
  await go('install', `${MODULE}/cmd/server@${version}`, `${MODULE}/cmd/tools/sql@${version}`);
  renameSync(join(partial, 'server'), files.server);
  renameSync(join(partial, 'sql'), files.sqlTool);
  const { Dir } = JSON.parse(await go('mod', 'download', '-json', `${MODULE}@${version}`));
  copyFiles(join(Dir, 'schema/postgresql/v12'), files.schema);
}

/** File by file: the folders of Go's module cache are read-only, and their copies would be. */
function copyFiles(from: string, to: string): void {
  for (const path of globSync('**/*', { cwd: from })) {
    if (statSync(join(from, path)).isDirectory()) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), readFileSync(join(from, path)));
  }
}
