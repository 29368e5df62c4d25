import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  accentColors,
  BACKGROUNDS,
  contrast,
  contrastInMode,
  lookTokens,
} from '../../../../dashboard/src/theme/accent.ts';

const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

test('contrast is that of WCAG 2', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

test('from any accent, text has a contrast of 4.5 on every background, and fills have 3 with text of 4.5 on them', () => {
  fc.assert(
    fc.property(hex, fc.constantFrom('light' as const, 'dark' as const), (accent, mode) => {
      const colors = accentColors(accent, mode);
      expect(contrastInMode(colors.accent, mode)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colors.accent, colors.selected)).toBeGreaterThanOrEqual(4.5);
      expect(contrastInMode(colors.fill, mode)).toBeGreaterThanOrEqual(3);
      expect(contrast(colors.onFill, colors.fill)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colors.onFill, colors.fillHover)).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns: 2_000 },
  );
});

test('an accent that has the contrast stays as it is', () => {
  expect(accentColors('#3d4ed8', 'light')).toMatchObject({ accent: '#3d4ed8', fill: '#3d4ed8' });
});

test('the backgrounds are those of the tokens', () => {
  const tokens = readFileSync(join(__dirname, '../../../../dashboard/src/theme/tokens.css'), 'utf8');
  const names = ['bg', 'surface', 'sunken', 'hover'];
  const pairs = names.map((name) =>
    new RegExp(`--${name}: light-dark\\((.*), (.*)\\);`).exec(tokens)!.slice(1),
  );
  expect(BACKGROUNDS).toEqual({ light: pairs.map(([light]) => light), dark: pairs.map(([, dark]) => dark) });
});

test('a look sets only the tokens that it names, and ignores what is no colour', () => {
  expect(lookTokens({})).toEqual({});
  expect(lookTokens({ accent: 'red; x', radius: 0 })).toEqual({ '--radius': '0px' });
  expect(Object.keys(lookTokens({ accent: '#ffcc00' }))).toEqual([
    '--accent',
    '--accent-fill',
    '--accent-fill-hover',
    '--on-accent',
    '--selected',
  ]);
});
