import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { SCENARIOS } from '../test/replay/scenarios.ts';
import startServers from '../test/set-up/servers/start-servers.ts';
import stopServers from '../test/set-up/servers/stop-servers.ts';
import { PACKAGE_SCENARIOS } from '../test/temporal-package/scenarios.ts';

/*
 * Runs the scenarios of the replay tests, Posthorn's and the Temporal package's, on real servers and writes their
 * histories: all of them, or those named as arguments. Record a history again only after an intended change of the workflow: replaying it shows whether workflows
 * that are running during a deploy can continue.
 */
const root = path.join(import.meta.dirname, '..');
const folderOf = (name: string): string =>
  name in SCENARIOS ? 'test/replay/histories' : 'test/temporal-package/histories';
const scenarios = { ...SCENARIOS, ...PACKAGE_SCENARIOS };
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(scenarios);

await startServers();
try {
  for (const name of names) {
    const play = scenarios[name];
    if (!play) throw new Error(`no scenario "${name}"; choose from: ${Object.keys(scenarios).join(', ')}`);
    const history = JSON.stringify(JSON.parse(await play()), null, 1);
    writeFileSync(path.join(root, folderOf(name), `${name}.json`), `${withoutMachine(history)}\n`);
    console.log(`recorded ${name}`);
  }
} finally {
  await stopServers();
}

/** Removes the folder in stack traces and the host name of the worker, which replay ignores. */
function withoutMachine(history: string): string {
  const worker = new RegExp(`\\d+@${hostname().replaceAll('.', '\\.')}`, 'g');
  return history.replaceAll(`${root}/`, '').replaceAll(worker, 'recorder');
}
