import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../../src/api/http/cursor.ts';

test('a decoded cursor is the sort key that was encoded', () => {
  const time = fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(time, fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), (at, id) => {
      const sortKey = [at.toISOString(), id];
      expect(decodeCursor('timeAndId', encodeCursor('timeAndId', sortKey))).toEqual(sortKey);
    }),
  );
});

test.each([
  ['of another list', encodeCursor('id', ['evt_1'])],
  ['with one part too many', encodeCursor('timeAndId', ['2026-03-26T14:30:00.000Z', 'a', 'b'])],
  ['with an invalid time', encodeCursor('timeAndId', ['2026-13-99T14:30:00.000Z', 'a'])],
  ['with NUL in an id', encodeCursor('timeAndId', ['2026-03-26T14:30:00.000Z', 'a\u0000'])],
  ['that is not JSON', 'AAAA'],
  ['that is other JSON', Buffer.from('{"a":1}').toString('base64url')],
  ['that is empty', ''],
])('a cursor %s is rejected', (_, cursor) => {
  expect(() => decodeCursor('timeAndId', cursor)).toThrow(
    expect.objectContaining({ code: 'invalid_cursor' }),
  );
});

test('any text that is not a cursor is rejected as an invalid cursor', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => decodeCursor('number', text)).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
    }),
  );
});
