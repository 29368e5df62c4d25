// Runs before anything is installed, on whatever Node the machine has (20 or later): plain JavaScript, no packages.
import { spawn } from 'node:child_process';
import { constants as access, accessSync, existsSync, readFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endGroup, watchOver } from './process-group.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_NEEDED = 24;
const TELL_EVERY_MS = 10_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** In production nothing is installed at start, and the image has the right Node already. */
export const isProduction = process.env.NODE_ENV === 'production';

/** Runs `npm ci` when node_modules is not what package-lock.json says; returns when it is. */
export async function installDependencies() {
  if (isProduction || isInstalled()) return;
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.error('Installing dependencies (npm ci) …');
  const timer = setInterval(() => console.error(`Installing dependencies … ${seconds()} s`), TELL_EVERY_MS);
  const ended = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(timer);
  if (ended.signal) {
    console.error('Stopped while the dependencies were being installed; the next start installs them anew.');
    process.exit(128 + constants.signals[ended.signal]);
  }
  if (ended.code !== 0) {
    console.error(`npm ci failed (code ${ended.code}); what it said is above.`);
    const unwritable = [root, homedir()].filter((folder) => !isWritable(folder));
    for (const folder of unwritable)
      console.error(`This user cannot write ${folder}, which npm has to (HOME holds its cache).`);
    process.exit(1);
  }
  console.error(`Installing dependencies: done in ${seconds()} s`);
}

/** npm notes what it installed, in the shape of the lock file. Packages for other machines are left out there. */
function isInstalled() {
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const wanted = packagesIn(join(root, 'package-lock.json'));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, link }]) => {
    const found = installed[path];
    if (path === '' || link) return true;
    return found ? found.version === version : Boolean(optional || devOptional);
  });
}

function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/**
 * Runs npm to its end, in a process group of its own: the install scripts that it runs would outlive it. Resolves with
 * its code, or with the signal that asked us to stop, when all of the group is gone.
 */
function npm(args) {
  const ownGroup = process.platform !== 'win32';
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: ownGroup };
  // Under `npm run` this is the npm that runs us; else the one on PATH, which is a script on Windows.
  const script = process.env.npm_execpath;
  const child = script?.endsWith('.js')
    ? spawn(process.execPath, [script, ...args], options)
    : spawn('npm', args, { ...options, shell: !ownGroup });
  const watcher = ownGroup && child.pid ? watchOver(-child.pid) : undefined;
  let asked;
  const stop = (signal) => {
    if (asked) return;
    asked = endGroup(child).then(() => signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return ended.then(async (code) => {
    const signal = await asked;
    for (const name of STOP_SIGNALS) process.off(name, stop);
    watcher?.kill('SIGKILL');
    return { code, signal };
  });
}

function isWritable(folder) {
  try {
    accessSync(folder, access.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Node that runs our TypeScript as it is: this one when it is new enough, else the one that npm installed. */
export function nodeForSources() {
  const installed = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  if (Number(process.versions.node.split('.')[0]) >= NODE_NEEDED) return process.execPath;
  console.error(
    `Posthorn needs Node ${NODE_NEEDED}: this is ${process.version}, and npm ci has not installed another.`,
  );
  return process.exit(1);
}
