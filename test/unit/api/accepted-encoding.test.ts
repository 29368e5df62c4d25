import { acceptedEncoding } from '../../../src/api/pages/accepted-encoding.ts';

test.each([
  [undefined, null],
  ['', null],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP', 'gzip'],
  ['br;q=0, gzip;q=0.5', 'gzip'],
  ['br;q=0.0,gzip;q=0.000', null],
  ['identity', null],
  ['brotli', null],
])('of %s, %s is sent', (header, encoding) => {
  expect(acceptedEncoding(header)).toBe(encoding);
});
