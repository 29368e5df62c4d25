// Runs before anything is installed, on whatever Node the machine has (20 or later): plain JavaScript, no packages.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_NEEDED = 24;
const TELL_EVERY_MS = 10_000;

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
  if (ended !== 0) {
    console.error(`npm ci failed (code ${ended}); what it said is above.`);
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

function npm(args) {
  // Under `npm run` this is the npm that runs us; else the one on PATH, which is a script on Windows.
  const script = process.env.npm_execpath;
  const child = script?.endsWith('.js')
    ? spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' })
    : spawn('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
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
