import { hexLines } from '../../../../dashboard/src/json-view/hex.ts';

test('the bytes of a body are shown as hexdump shows them', () => {
  const lines = hexLines(new TextEncoder().encode('{"name":"Zoë", "n":1}'));
  expect(lines).toEqual([
    '00000000  7b 22 6e 61 6d 65 22 3a  22 5a 6f c3 ab 22 2c 20  {"name":"Zo..", ',
    '00000010  22 6e 22 3a 31 7d                                 "n":1}',
  ]);
});
