import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';

const ROOT = path.join(import.meta.dirname, '../../..');
export const WORKFLOWS_PATH = path.join(ROOT, 'workflows/index.ts');
/** `npm ci` empties it, and in the image it is filled when that is built. */
const CACHE_FOLDER = path.join(ROOT, 'node_modules/.cache/posthorn');

/** All that workflow code may import of ours (scripts/layers.ts holds that), and every version that npm installed. */
export const BUNDLE_SOURCES = [
  'workflows/**/*.ts',
  'src/policy/**/*.ts',
  'src/temporal/bundle/workflow-bundle.ts',
];
const INSTALLED = 'node_modules/.package-lock.json';

/** The bundle of an earlier run for exactly these sources and packages; undefined where there is none. */
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

/** Bundles the workflow code, which takes some seconds of CPU, and keeps it where that is possible. */
export async function buildBundle(): Promise<WorkflowBundle> {
  const file = bundleCachePath(); // before: what changes meanwhile is not in it
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error },
  });
  if (file) keep(file, code);
  return { code };
}

function keep(file: string, code: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(CACHE_FOLDER, { recursive: true });
    writeFileSync(draft, `${digestOf(code)}\n${code}`);
    renameSync(draft, file);
    for (const other of globSync('workflows-*.txt', { cwd: CACHE_FOLDER })) {
      if (other !== path.basename(file)) rmSync(path.join(CACHE_FOLDER, other), { force: true });
    }
  } catch {
    rmSync(draft, { force: true }); // a read-only installation: bundled at each start
  }
}

/** Named by what goes into the bundle: one of other sources or another SDK is never taken for it. */
export function bundleCachePath(root = ROOT): string | undefined {
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
    return undefined; // not installed by npm: nothing says which versions these are
  }
  return path.join(CACHE_FOLDER, `workflows-${hash.digest('hex').slice(0, 32)}.txt`);
}

const digestOf = (code: string): string => createHash('sha256').update(code).digest('hex');
const DIGEST_LENGTH = 64;
