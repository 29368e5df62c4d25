import { globSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, runPython, SDK_FOLDER, testWithPython } from './run-program.ts';

test('the tests of the TypeScript SDK pass', async () => {
  const cwd = join(SDK_FOLDER, 'typescript');
  const files = globSync('test/*.test.ts', { cwd });
  const { code, stdout } = await runProgram(process.execPath, ['--test', '--test-reporter=tap', ...files], {
    cwd,
  });
  const failed = stdout.split('\n').filter((line) => line.trim().startsWith('not ok'));
  expect({ code, failed }).toEqual({ code: 0, failed: [] });
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(300);
});

testWithPython('the tests of the Python SDK pass', async () => {
  const { stderr } = await runPython(['-m', 'unittest']);
  expect(Number(/^Ran (\d+) tests/m.exec(stderr)?.[1])).toBeGreaterThan(10);
});
