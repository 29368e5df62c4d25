import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';

const ROOT = path.join(import.meta.dirname, '../../..');
/** The sources are TypeScript; the package that npm installs has JavaScript. */
const EXTENSION = path.extname(import.meta.filename);
export const WORKFLOWS_PATH = path.join(ROOT, `workflows/index${EXTENSION}`);
/** `npm ci` empties this folder; the image build fills it. */
const CACHE_FOLDER = path.join(ROOT, 'node_modules/.cache/posthorn');

/** Every file of this repository that workflow code may import; scripts/layers.ts enforces it. */
export const BUNDLE_SOURCES = [
  `workflows/**/*${EXTENSION}`,
  `src/policy/**/*${EXTENSION}`,
  `src/temporal/bundle/workflow-bundle${EXTENSION}`,
];
/** Lists the installed version of each package. */
const INSTALLED = 'node_modules/.package-lock.json';

/** The cached bundle for exactly these sources and packages; undefined when there is none or it is incomplete. */
export function cachedBundle(file = bundleCachePath()): WorkflowBundle | undefined {
  if (!file) return undefined;
  try {
    const text = readFileSync(file, 'utf8');
    const [digest, code] = [text.slice(0, DIGEST_LENGTH), text.slice(DIGEST_LENGTH + 1)];
    return digestOf(code) === digest ? { code } : undefined;
  } catch {
    return undefined;
  }
}

/** Bundles the workflow code, which takes several seconds of CPU, and caches the bundle if the folder is writable. */
export async function buildBundle(): Promise<WorkflowBundle> {
  const file = bundleCachePath(); // computed first: the bundle does not contain files that change meanwhile
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error },
  });
  if (file) cacheBundle(file, code);
  return { code };
}

function cacheBundle(file: string, code: string): void {
  const tempFile = `${file}.${process.pid}`;
  try {
    mkdirSync(CACHE_FOLDER, { recursive: true });
    writeFileSync(tempFile, `${digestOf(code)}\n${code}`);
    renameSync(tempFile, file);
    for (const other of globSync('workflows-*.txt', { cwd: CACHE_FOLDER })) {
      if (other !== path.basename(file)) rmSync(path.join(CACHE_FOLDER, other), { force: true });
    }
  } catch {
    rmSync(tempFile, { force: true }); // read-only installation: the bundle is built at each start
  }
}

/**
 * The path of the cached bundle. Its name contains a hash of all sources and installed packages, so an outdated bundle
 * is never used. Undefined when npm did not install the packages.
 */
export function bundleCachePath(root = ROOT): string | undefined {
  const hash = bundleHash(root);
  return hash && path.join(CACHE_FOLDER, `workflows-${hash}.txt`);
}

/** Of all sources of the bundle and the versions of the installed packages. Undefined when npm did not install them. */
export function bundleHash(root = ROOT): string | undefined {
  const hash = createHash('sha256');
  try {
    const sources = BUNDLE_SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
    for (const source of [...sources, INSTALLED]) {
      hash
        .update(`${source}\0`)
        .update(readFileSync(path.join(root, source)))
        .update('\0');
    }
  } catch {
    return undefined; // not installed by npm: the versions are unknown
  }
  return hash.digest('hex').slice(0, 32);
}

const digestOf = (code: string): string => createHash('sha256').update(code).digest('hex');
const DIGEST_LENGTH = 64;
