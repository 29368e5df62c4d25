// `npm test`: installs missing dependencies, runs Jest, and prints `N passed, N failed` at the end. With arguments, Jest runs
// once and gets them. Without, it runs all tests in two stages, those that measure time last and one suite at a time, and
// names the tests that failed in either. With --and-cluster, those on a Temporal server with Postgres are a third stage, unless
// the others have taken so long that a CI run of 90 minutes could not end.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { buildDashboard, installDependencies, nodeForSources, root } from './set-up.mjs';

const filter = (stage) => `--filter=${join(root, 'test/set-up/stages', `${stage}.cjs`)}`;
// Most tests wait longer than they compute: for processes to start, leases to end, retries to be due.
const STAGES = [
  [filter('untimed'), '--maxWorkers=2', '--workerIdleMemoryLimit=800MB'],
  // Jest replaces a worker whose heap is large: each suite leaves a part of its modules, and collecting them takes long.
  [filter('timed'), '--maxWorkers=1', '--workerIdleMemoryLimit=400MB'],
];
const CLUSTER = ['--config', join(root, 'test/cluster/jest.config.cjs')];
const CLUSTER_STARTS_WITHIN_MIN = 50;
/** Codes from here on mean that a signal ended Jest. */
const SIGNALLED = 128;

await installDependencies();
// Here, so that it takes no time of the tests that start Posthorn.
buildDashboard();
const folder = mkdtempSync(join(tmpdir(), 'posthorn-count-'));
const countFile = join(folder, 'count.json');
// Tests start Posthorn some two hundred times. Without a cache, each start compiles all sources anew.
const compileCache = join(root, 'node_modules/.cache/node-compile-cache');
const jest = join(root, 'node_modules/jest/bin/jest.js');
process.chdir(root);

const andCluster = process.argv.includes('--and-cluster');
const given = process.argv.slice(2).filter((arg) => arg !== '--and-cluster');
const stages = [...(given.length > 0 ? [given] : STAGES), ...(andCluster ? [CLUSTER] : [])];
const total = { passed: 0, failed: 0, failures: [] };
let code = 0;
for (const args of stages) {
  if (args === CLUSTER && performance.now() > CLUSTER_STARTS_WITHIN_MIN * 60_000) {
    console.log(
      `More than ${CLUSTER_STARTS_WITHIN_MIN} minutes have passed: the tests on a Temporal server with Postgres are skipped.`,
    );
    break;
  }
  const stageCode = await runJest(args);
  code ||= stageCode;
  if (stageCode >= SIGNALLED) break;
}
rmSync(folder, { recursive: true });
if (stages.length > 1) for (const failure of total.failures) console.log(`Failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(code === 0 && total.failed > 0 ? 1 : code);

/** Runs Jest, adds to the total, and returns the exit code. */
async function runJest(args) {
  rmSync(countFile, { force: true });
  const env = {
    NODE_COMPILE_CACHE: compileCache,
    ...process.env,
    POSTHORN_TEST_COUNT_FILE: countFile,
  };
  const exitCode = await runChild(nodeForSources(), [jest, ...args], env);
  const { passed, failed, failures } = readCount(exitCode);
  total.passed += passed;
  total.failed += failed;
  total.failures.push(...failures);
  return exitCode;
}

/** Jest writes no file if it fails before the first test. */
function readCount(exitCode) {
  try {
    return JSON.parse(readFileSync(countFile, 'utf8'));
  } catch {
    return { passed: 0, failed: exitCode === 0 ? 0 : 1, failures: [] };
  }
}
