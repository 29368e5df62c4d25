import fc from 'fast-check';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../../src/policy/retry-after.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY = 86_400_000;

const anyTime = fc.integer({ min: 1, max: MAX_RETRY_AFTER_MS / 1000 }).map((seconds) => NOW + seconds * 1000);

/** RFC 9110 section 5.6.7. */
const imfFixdate = (ms: number): string => new Date(ms).toUTCString();
function rfc850(ms: number): string {
  const [, day, month, year, time] = imfFixdate(ms).split(' ');
  const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(ms);
  return `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`;
}
function asctime(ms: number): string {
  const [weekday, day, month, year, time] = imfFixdate(ms).split(' ');
  return `${weekday!.slice(0, 3)} ${month} ${String(Number(day)).padStart(2, ' ')} ${time} ${year}`;
}

test('the examples of RFC 9110 are the same date in all three formats', () => {
  const before = Date.parse('1994-11-06T08:49:00Z');
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])
    expect(retryAfterMs(text, before)).toBe(37_000);
});

test('every later second is read alike in all three formats', () => {
  fc.assert(
    fc.property(anyTime, (ms) => {
      for (const format of [imfFixdate, rfc850, asctime])
        expect(retryAfterMs(format(ms), NOW)).toBe(ms - NOW);
    }),
  );
});

test('seconds are read exactly, and capped at 24 hours, however many digits there are', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), (seconds) => {
      const expected = Math.min(Number(seconds) * 1000, MAX_RETRY_AFTER_MS);
      expect(retryAfterMs(`${seconds}`, NOW)).toBe(expected);
      expect(retryAfterMs(` \t000${seconds} `, NOW)).toBe(expected);
    }),
  );
  expect(retryAfterMs('9'.repeat(400), NOW)).toBe(MAX_RETRY_AFTER_MS);
  expect(retryAfterMs(imfFixdate(NOW + 40 * 365 * DAY), NOW)).toBe(MAX_RETRY_AFTER_MS);
});

test('a past or present time, zero and negative seconds ask for nothing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 * 365 * 86_400 }), (seconds) => {
      const ms = NOW - seconds * 1000;
      for (const format of [imfFixdate, rfc850, asctime])
        expect(retryAfterMs(format(ms), NOW)).toBeUndefined();
      expect(retryAfterMs(`-${seconds}`, NOW)).toBeUndefined();
    }),
  );
  expect(retryAfterMs('0', NOW)).toBeUndefined();
  expect(retryAfterMs('Wed, 21 Oct 2015 07:28:00 GMT', NOW)).toBeUndefined();
});

test.each([
  ...['', ' ', 'abc', '1e1', '1.5', '+5', '0x10', '5s', '5, 5', '٣', '2026-11-29T13:00:00Z'],
  ...['sun, 29 Nov 2026 13:00:00 GMT', 'Sun, 29 Nov 2026 13:00:00 UTC', 'Sun, 29 Nov 2026 13:00:00 +0100'],
  ...['Sun, 29 Nov 2026 13:00:00 GMT x', 'Sun,29 Nov 2026 13:00:00 GMT', 'Sun, 29 Nov 2026 13:00 GMT'],
  // Not a Monday, no such day, no such time.
  ...['Mon, 29 Nov 2026 13:00:00 GMT', 'Sun, 31 Feb 2027 13:00:00 GMT', 'Sun, 29 Nov 2026 24:00:00 GMT'],
])('%j asks for nothing', (value) => {
  expect(retryAfterMs(value, NOW)).toBeUndefined();
});

test('a missing or repeated header asks for nothing', () => {
  expect(retryAfterMs(undefined, NOW)).toBeUndefined();
  expect(retryAfterMs(['5', '6'], NOW)).toBeUndefined();
});

test('a two-digit year that seems to be more than 50 years ahead is in the past', () => {
  // 1 January 2077 would be a Friday, 1 January 1977 was a Saturday.
  expect(retryAfterMs('Saturday, 01-Jan-77 00:00:00 GMT', NOW)).toBeUndefined();
  const newYearsEve = Date.parse('2099-12-31T23:59:30Z');
  expect(retryAfterMs('Friday, 01-Jan-00 00:00:00 GMT', newYearsEve)).toBe(30_000);
});

test('any text gives either nothing or a wait of up to 24 hours', () => {
  const parts = fc.constantFrom(
    'Sun',
    'Sunday',
    ', ',
    ' ',
    '29',
    '6',
    'Nov',
    '-',
    '2026',
    '94',
    '13:00:00',
    'GMT',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(parts).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const ms = retryAfterMs(text, NOW) ?? 1;
      expect(Number.isInteger(ms) && ms > 0 && ms <= MAX_RETRY_AFTER_MS).toBe(true);
    }),
  );
});
