import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/policy/duration.ts';

test('a formatted duration parses back to the same number of seconds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2_592_000 }),
      (seconds) => parseDuration(formatDuration(seconds)) === seconds,
    ),
  );
});

test.each(['300', '5 m', '-1s', '1.5h', '1w', '', '5M', '1e3s'])('%j is not a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
