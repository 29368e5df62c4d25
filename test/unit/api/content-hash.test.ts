import fc from 'fast-check';
import { contentHash } from '../../../src/api/events/content-hash.ts';

const text = fc.string({ maxLength: 6 });
const content = fc.record({
  type: text,
  data: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  consumer: fc.option(text),
  attributes: fc.dictionary(text, text, { maxKeys: 3 }),
  target: fc.option(fc.record({ url: text, secret: text })),
  expiry: fc.option(text, { nil: undefined }),
});
type Content = Parameters<typeof contentHash>[0];

const areEqual = (a: Content, b: Content): boolean =>
  a.type === b.type &&
  a.data.equals(b.data) &&
  a.consumer === b.consumer &&
  JSON.stringify(Object.entries(a.attributes).sort()) ===
    JSON.stringify(Object.entries(b.attributes).sort()) &&
  a.target?.url === b.target?.url &&
  a.target?.secret === b.target?.secret &&
  a.expiry === b.expiry;

test('two contents have the same hash exactly when they are equal', () => {
  fc.assert(
    fc.property(content, content, (a, b) => contentHash(a).equals(contentHash(b)) === areEqual(a, b)),
    { numRuns: 500 },
  );
});

test('the order of attributes does not matter', () => {
  const plain = { type: 'a', data: Buffer.from('1'), consumer: null, target: null };
  expect(contentHash({ ...plain, attributes: { a: '1', b: '2' } })).toEqual(
    contentHash({ ...plain, attributes: { b: '2', a: '1' } }),
  );
});

test('a missing consumer differs from the consumer "null"', () => {
  const plain = { type: 'a', data: Buffer.from('1'), attributes: {}, target: null };
  expect(contentHash({ ...plain, consumer: null })).not.toEqual(contentHash({ ...plain, consumer: 'null' }));
});
