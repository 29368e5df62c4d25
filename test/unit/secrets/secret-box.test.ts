import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createSecretBox, Tampered, UnknownKey } from '../../../src/secrets/secret-box.ts';

const context = { project: 'prj_1', recordId: 'ep_1', column: 'secrets' };
const key = randomBytes(32);
const box = createSecretBox([key]);

test('any text can be opened, and does not appear in the sealed bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 8 }), (plain) => {
      const sealed = box.seal(plain, context);
      expect(sealed.includes(Buffer.from(plain))).toBe(false);
      expect(box.open(sealed, context)).toBe(plain);
    }),
  );
});

test('the same text is sealed differently each time', () => {
  expect(box.seal('secret', context)).not.toEqual(box.seal('secret', context));
});

test.each([
  ['project', { ...context, project: 'prj_2' }],
  ['endpoint', { ...context, recordId: 'ep_2' }],
  ['column', { ...context, column: 'headers' }],
])('a value that is moved to another %s does not open', (_, elsewhere) => {
  expect(() => box.open(box.seal('secret', context), elsewhere)).toThrow(Tampered);
});

test('contexts whose parts join to the same text are different', () => {
  const sealed = box.seal('secret', { project: 'a', recordId: 'bc', column: 'd' });
  expect(() => box.open(sealed, { project: 'ab', recordId: 'c', column: 'd' })).toThrow(Tampered);
});

test('a value with a flipped bit, or truncated anywhere, cannot be opened', () => {
  const sealed = box.seal('secret', context);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
    const inKeyId = bit >= 8 && bit < 40;
    expect(() => box.open(flipped, context)).toThrow(inKeyId ? UnknownKey : Tampered);
  }
  for (let length = 0; length < sealed.length; length++) {
    expect(() => box.open(sealed.subarray(0, length), context)).toThrow(Tampered);
  }
});

test('after a rotation the old key still opens and the new one seals', () => {
  const newKey = randomBytes(32);
  const rotated = createSecretBox([newKey, key]);
  expect(rotated.open(box.seal('old', context), context)).toBe('old');
  expect(createSecretBox([newKey]).open(rotated.seal('new', context), context)).toBe('new');
});

test('the error about a removed key names its id and not the value', () => {
  const sealed = createSecretBox([randomBytes(32)]).seal('secret', context);
  const id = sealed.subarray(1, 5).toString('hex');
  expect(() => box.open(sealed, context)).toThrow(UnknownKey);
  expect(() => box.open(sealed, context)).toThrow(id);
});

test('a box cannot be created without a key, or with a short one', () => {
  expect(() => createSecretBox([])).toThrow('no encryption key');
  expect(() => createSecretBox([key, randomBytes(31)])).toThrow('32 bytes');
});
