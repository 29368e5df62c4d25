import {
  reorders,
  textParts,
  withNamedControls,
} from '../../../../dashboard/src/kit/text/foreign/reordering.ts';

const CONTROLS = [
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
];

test('all control characters of Unicode that change the order of text are named, and no others', () => {
  expect(CONTROLS.join('')).toMatch(/^\p{Bidi_Control}+$/u);
  const texts = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  expect(texts.filter((text) => textParts(text)[0]!.name !== undefined)).toEqual(
    texts.filter((text) => /\p{Bidi_Control}/u.test(text)),
  );
  expect(textParts('a\u202eb')).toEqual([{ text: 'a' }, { text: '\u202e', name: 'U+202E' }, { text: 'b' }]);
  expect(withNamedControls('a\u061c')).toBe('a[U+061C]');
});

test('letters that are written from right to left are recognised, and others are left alone', () => {
  for (const text of ['שלום', 'مرحبا', 'ߒ', '𐤀', '𞤀', ...CONTROLS])
    expect([text, reorders(text)]).toEqual([text, true]);
  for (const text of ['render.completed', 'Füße', '漢字', '🙂', '₪ 12', ''])
    expect([text, reorders(text)]).toEqual([text, false]);
});
