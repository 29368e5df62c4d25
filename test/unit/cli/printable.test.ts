import fc from 'fast-check';
import { jsonLine, printable } from '../../../src/cli/client/output/printable.ts';

const HOSTILE = '\u001b[2J\u0007\u009b1m\u202e\u2066\u200b\ufeff\u2028\u{e0041}\n\r\t\0\u007f';
const EXECUTED_OR_HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}]/u;

test('control characters, marks that reorder text and hidden characters are shown as escapes', () => {
  expect(printable('\u001b[31mred\u202ecod.exe\n')).toBe('\\u001b[31mred\\u202ecod.exe\\n');
  expect(printable(HOSTILE)).not.toMatch(EXECUTED_OR_HIDDEN);
});

test('letters of any script stay as they are', () => {
  expect(printable('Größe 東京 שלום 🙂 e\u0301')).toBe('Größe 東京 שלום 🙂 e\u0301');
});

test('no text has anything left that a terminal executes, and escaping twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(EXECUTED_OR_HIDDEN);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});

test('a line of JSON is one line without such characters, and means the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = jsonLine({ [text]: text });
      expect(line).not.toMatch(EXECUTED_OR_HIDDEN);
      expect(JSON.parse(line)).toEqual({ [text]: text });
    }),
  );
  expect(JSON.parse(jsonLine(HOSTILE))).toBe(HOSTILE);
});
