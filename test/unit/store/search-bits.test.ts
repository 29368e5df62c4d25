import fc from 'fast-check';
import { asBigint, searchBitsOf } from '../../../src/store/events/search-bits.ts';

const ALIKE = { region: 'eu', tier: 'gold' };

// Stored events keep their bits, so what computes them must not change.
test.each([
  [{ type: 'invoice.paid' }, 4_644_337_116_250_120n],
  [{ attributes: { order: 'ord_12345' } }, 54_043_745_301_037_056n],
  [{ type: 'a', attributes: { größe: '€ 10', '': '' } }, 6_926_580_482_377_252_936n],
])('the bits of %j are the same in each release', (searched, bits) => {
  expect(asBigint(searchBitsOf(searched))).toBe(bits);
});

test('no type and no attributes set no bit, and the order of attributes does not matter', () => {
  expect(asBigint(searchBitsOf({ attributes: {} }))).toBe(0n);
  expect(searchBitsOf({ attributes: { a: '1', b: '2' } })).toEqual(
    searchBitsOf({ attributes: { b: '2', a: '1' } }),
  );
});

test('an event has all bits of each search that it matches, as a bigint of Postgres', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const attributes = fc.dictionary(text, text, { maxKeys: 8 });
  fc.assert(
    fc.property(text, attributes, fc.infiniteStream(fc.boolean()), (type, all, isSearched) => {
      const some = Object.fromEntries(Object.entries(all).filter(() => isSearched.next().value));
      const ofEvent = asBigint(searchBitsOf({ type, attributes: all }));
      for (const searched of [{ type }, { attributes: some }, { type, attributes: some }]) {
        const bits = asBigint(searchBitsOf(searched));
        expect(ofEvent & bits).toBe(bits);
      }
      expect(BigInt.asIntN(64, ofEvent)).toBe(ofEvent);
    }),
  );
});

test('of events with a type and four attributes, a search reads fewer than 1 in 100 that it does not match', () => {
  const attributesOf = (n: number) => ({ ...ALIKE, order: `ord_${n}`, customer: `cus_${n % 100}` });
  const events = Array.from({ length: 500 }, (_, n) =>
    asBigint(searchBitsOf({ type: 'order.paid', attributes: attributesOf(n) })),
  );
  const searches = Array.from({ length: 200 }, (_, n) =>
    asBigint(searchBitsOf({ attributes: { order: `other_${n}` } })),
  );
  const read = searches.flatMap((search) => events.filter((bits) => (bits & search) === search));
  expect(read.length / (searches.length * events.length)).toBeLessThan(0.01);
});
