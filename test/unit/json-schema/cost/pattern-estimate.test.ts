import { estimateProgramSize } from '../../../../src/json-schema/cost/pattern-estimate.ts';
import { patternProgramSize } from '../../../../src/json-schema/cost/patterns.ts';
import { cpuMs } from '../../../set-up/cpu-time.ts';

test.each<[string, number]>([
  ['abc', 3],
  ['a{1000}', 1_000],
  ['a{2,}', 2],
  ['a{2,5}b', 6],
  ['(ab){3}c', 7],
  ['((ab){3}c){2}', 14],
  ['[a-z]{10}', 10],
  ['[]{9}]{2}', 2],
  ['\\{9}', 3],
  ['{x}', 3],
  ['\\x{1F600}{2}', 2],
  ['\\p{L}{2}', 40],
  ['[^\\p{L}\\d]', 21],
])('%s is estimated at %i', (pattern, size) => {
  expect(estimateProgramSize(pattern)).toBe(size);
});

test.each([
  'a{1,1000}'.repeat(100),
  '(x{20}y{20}z{20}){50}'.repeat(10),
  '[^\\p{L}\\p{N}]'.repeat(2_000),
  '\\p{L}{1000}'.repeat(50),
])('a pattern that would take long to compile is refused immediately', (pattern) => {
  const before = cpuMs();

  expect(patternProgramSize(pattern)).toBe('is too large once its repetitions are expanded');
  expect(cpuMs() - before).toBeLessThan(100);
});

test.each([
  '^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}\\.[A-Za-z]{2,63}$',
  '^\\p{Lu}\\p{L}*(?: \\p{L}+){0,4}$',
  '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
  '^(?<year>\\d{4})-(?<month>\\d{2})$',
])('%s is accepted', (pattern) => {
  expect(patternProgramSize(pattern)).toEqual(expect.any(Number));
});
