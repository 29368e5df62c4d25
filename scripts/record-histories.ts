import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { SCENARIOS } from '../test/replay/scenarios.ts';
import startServers from '../test/set-up/start-servers.ts';
import stopServers from '../test/set-up/stop-servers.ts';

/*
 * Plays the scenarios of the replay tests on real servers and writes their histories: all, or those named as
 * arguments. A history that was recorded stays valid until the workflow is changed on purpose: replay is what
 * says whether workflows that are open during a deploy go on.
 */
const root = path.join(import.meta.dirname, '..');
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SCENARIOS);

await startServers();
try {
  for (const name of names) {
    const play = SCENARIOS[name];
    if (!play) throw new Error(`no scenario "${name}"; there are: ${Object.keys(SCENARIOS).join(', ')}`);
    const history = JSON.stringify(JSON.parse(await play()), null, 1);
    writeFileSync(path.join(root, 'test/replay/histories', `${name}.json`), `${withoutMachine(history)}\n`);
    console.log(`recorded ${name}`);
  }
} finally {
  await stopServers();
}

/** Stack traces name folders, and workers their host: neither matters to replay. */
function withoutMachine(history: string): string {
  const worker = new RegExp(`\\d+@${hostname().replaceAll('.', '\\.')}`, 'g');
  return history.replaceAll(`${root}/`, '').replaceAll(worker, 'recorder');
}
