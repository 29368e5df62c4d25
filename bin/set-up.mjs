// Runs before anything is installed, on the machine's own Node (20 or later): plain JavaScript without packages.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  constants as access,
  accessSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endGroup, watchOver } from './process-group.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_NEEDED = 24;
const LOG_INTERVAL_MS = 10_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** In production nothing is installed at start, because the image contains the dependencies and Node 24. */
export const isProduction = process.env.NODE_ENV === 'production';

/** Runs `npm ci` if node_modules does not match package-lock.json. Exits the process if that fails. */
export async function installDependencies() {
  if (isProduction || isInstalled()) return;
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.error('Installing dependencies (npm ci) …');
  const timer = setInterval(() => console.error(`Installing dependencies … ${seconds()} s`), LOG_INTERVAL_MS);
  const ended = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(timer);
  if (ended.signal) {
    console.error('Stopped while the dependencies were being installed; the next start installs them again.');
    process.exit(128 + constants.signals[ended.signal]);
  }
  if (ended.code !== 0) {
    console.error(`npm ci failed with code ${ended.code}; see its output above.`);
    const unwritable = [root, homedir()].filter((folder) => !isWritable(folder));
    for (const folder of unwritable)
      console.error(`This user cannot write to ${folder}, which npm needs (its cache is in HOME).`);
    process.exit(1);
  }
  console.error(`Installing dependencies: done in ${seconds()} s`);
}

/** Compares the lock file with npm's record of installed packages, which omits packages for other platforms. */
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
 * Runs npm to its end in its own process group, because its install scripts could outlive it. Resolves with its exit
 * code, or with the signal that stopped this process, when the group has exited.
 */
function npm(args) {
  const ownGroup = process.platform !== 'win32';
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: ownGroup };
  // Before npm starts: a signal that ended only this process would leave npm running.
  let stopping;
  const stop = (signal) => {
    stopping ??= endGroup(child).then(() => signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  // Under `npm run`, the same npm; otherwise the one on PATH, which is a script on Windows.
  const script = process.env.npm_execpath;
  const child = script?.endsWith('.js')
    ? spawn(process.execPath, [script, ...args], options)
    : spawn('npm', args, { ...options, shell: !ownGroup });
  const watcher = ownGroup && child.pid ? watchOver(-child.pid) : undefined;
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return ended.then(async (code) => {
    const signal = await stopping;
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

const isNewEnough = () => Number(process.versions.node.split('.')[0]) >= NODE_NEEDED;

/** Exits the process if this Node is too old for the package, which brings no other one. */
export function requireNode() {
  if (isNewEnough()) return;
  console.error(`Posthorn needs Node ${NODE_NEEDED}, but this is ${process.version}.`);
  process.exit(1);
}

/** A Node that runs TypeScript without a build: the one that npm has installed, else this one if it is new enough. */
export function nodeForSources() {
  const installed = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  if (isNewEnough()) return process.execPath;
  console.error(
    `Posthorn needs Node ${NODE_NEEDED}, but this is ${process.version}, and npm ci has not installed another one.`,
  );
  return process.exit(1);
}

const DASHBOARD_INPUTS = ['dashboard', 'sdk/typescript/src', 'package-lock.json'];

/**
 * Builds the dashboard into dashboard/dist if its inputs have changed since the last build. Returns whether dashboard/dist
 * is up to date. A build that fails is reported and stops nothing: the service also runs without its pages.
 */
export function buildDashboard() {
  if (isProduction || !existsSync(join(root, 'dashboard/vite.config.ts'))) return false;
  const dist = join(root, 'dashboard/dist');
  const isBuilt = (inputs) =>
    existsSync(join(dist, '.inputs')) && readFileSync(join(dist, '.inputs'), 'utf8') === inputs;
  const inputs = hashOf(DASHBOARD_INPUTS);
  if (isBuilt(inputs)) return true;
  console.error('Building the dashboard …');
  // Into a folder of its own, so that a build that is killed, or runs twice, leaves no half of a dist behind.
  const building = `${dist}-${process.pid}`;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', join(root, 'dashboard'), '--outDir', building, '--logLevel', 'warn'];
  const { status } = spawnSync(nodeForSources(), args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // Tests set another one, with which React would be built for development.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  try {
    if (status !== 0) throw new Error(`vite build ended with code ${status}`);
    writeFileSync(join(building, '.inputs'), inputs);
    rmSync(dist, { recursive: true, force: true });
    renameSync(building, dist);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    if (isBuilt(inputs)) return true;
    console.error(`The dashboard could not be built, so its pages are not served: ${error.message}`);
    return false;
  }
  return true;
}

/** A SHA-256 over the names and contents of all files in these paths. */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesIn(path)).sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesIn(path) {
  if (/^dashboard\/dist/.test(path)) return [];
  const entry = join(root, path);
  if (!existsSync(entry)) return [];
  if (!statSync(entry).isDirectory()) return [path];
  return readdirSync(entry).flatMap((name) => filesIn(`${path}/${name}`));
}
