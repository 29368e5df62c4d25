// `npm test`: installs missing dependencies, runs Jest with the given arguments, and prints `N passed, N failed` at the end.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { installDependencies, nodeForSources, root } from './set-up.mjs';

await installDependencies();
const folder = mkdtempSync(join(tmpdir(), 'posthorn-count-'));
const countFile = join(folder, 'count.json');
const jest = join(root, 'node_modules/jest/bin/jest.js');
process.chdir(root);

const code = await runChild(nodeForSources(), [jest, ...process.argv.slice(2)], {
  ...process.env,
  POSTHORN_TEST_COUNT_FILE: countFile,
});
const { passed, failed } = readCount(code);
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(code === 0 && failed > 0 ? 1 : code);

/** Jest writes no file if it fails before the first test. */
function readCount(exitCode) {
  try {
    return JSON.parse(readFileSync(countFile, 'utf8'));
  } catch {
    return { passed: 0, failed: exitCode === 0 ? 0 : 1 };
  }
}
