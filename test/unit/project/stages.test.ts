import { existsSync } from 'node:fs';
import { join } from 'node:path';

const STAGES = '../../set-up/stages';
const { timedFiles } = require(`${STAGES}/timed-tests.cjs`) as { timedFiles: string[] };
const suitesOf = (stage: 'timed' | 'untimed', paths: string[]): string[] => {
  const filter = require(`${STAGES}/${stage}.cjs`) as (paths: string[]) => { filtered: string[] };
  return filter(paths).filtered;
};

test('each suite that runs one at a time exists', () => {
  for (const file of timedFiles) expect([file, existsSync(file)]).toEqual([file, true]);
});

test('each suite belongs to one of the stages', () => {
  const others = [__filename, join(__dirname, 'launcher.test.ts')];
  expect(suitesOf('timed', [...others, ...timedFiles])).toEqual(timedFiles);
  expect(suitesOf('untimed', [...others, ...timedFiles])).toEqual(others);
});
