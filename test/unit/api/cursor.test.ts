import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../../src/api/http/cursor.ts';

test('a cursor is read back as the sort key that it was made of', () => {
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
  ['with a part too many', encodeCursor('timeAndId', ['2026-03-26T14:30:00.000Z', 'a', 'b'])],
  ['with no real time', encodeCursor('timeAndId', ['2026-13-99T14:30:00.000Z', 'a'])],
  ['with NUL in an id', encodeCursor('timeAndId', ['2026-03-26T14:30:00.000Z', 'a\u0000'])],
  ['that is no JSON', 'AAAA'],
  ['that is JSON of something else', Buffer.from('{"a":1}').toString('base64url')],
  ['that is empty', ''],
])('a cursor %s is refused', (_, cursor) => {
  expect(() => decodeCursor('timeAndId', cursor)).toThrow(
    expect.objectContaining({ code: 'invalid_cursor' }),
  );
});

test('any text is a cursor of this list or refused as one', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => decodeCursor('number', text)).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
    }),
  );
});
