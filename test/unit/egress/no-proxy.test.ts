import { createNoProxy, DEFAULT_NO_PROXY, isNoProxyEntry } from '../../../src/egress/proxy/no-proxy.ts';

const bypasses = (entries: string[], host: string, port = 443, addresses = ['203.0.114.1']): boolean =>
  createNoProxy(entries)({ host, port, secure: true }, addresses);

test.each<[string, string, boolean]>([
  ['example.com', 'example.com', true],
  ['Example.COM', 'example.com', true],
  ['example.com.', 'example.com', true],
  ['example.com', 'a.b.example.com', true],
  ['example.com', 'badexample.com', false],
  ['example.com', 'example.com.evil.test', false],
  ['.example.com', 'a.example.com', true],
  ['.example.com', 'example.com', false],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*', 'anything.test', true],
  ['example.com:443', 'example.com', true],
  ['example.com:8443', 'example.com', false],
  ['203.0.114.1', 'named.test', true],
  ['203.0.114.0/24', 'named.test', true],
  ['203.0.114.1:443', 'named.test', true],
  ['203.0.114.1:80', 'named.test', false],
  ['203.0.115.0/24', 'named.test', false],
])('the entry %s excepts %s from the proxy: %s', (entry, host, expected) => {
  expect(bypasses([entry], host)).toBe(expected);
});

test('a network excepts a name only if all its addresses belong to it', () => {
  expect(bypasses(['10.0.0.0/8'], 'a.test', 443, ['10.1.1.1', '10.2.2.2'])).toBe(true);
  expect(bypasses(['10.0.0.0/8'], 'a.test', 443, ['10.1.1.1', '203.0.114.1'])).toBe(false);
  expect(bypasses(['fd00::/8'], 'a.test', 443, ['fd00::1'])).toBe(true);
  expect(bypasses(['[fd00::1]:443', '10.0.0.1'], 'a.test', 443, ['fd00:0::1'])).toBe(true);
  expect(bypasses(['fd00::1'], 'a.test', 443, ['10.0.0.1'])).toBe(false);
});

test('by default loopback is reached without the proxy', () => {
  expect(bypasses(DEFAULT_NO_PROXY, 'localhost', 80, ['127.0.0.1', '::1'])).toBe(true);
  expect(bypasses(DEFAULT_NO_PROXY, 'named.test', 80, ['127.0.0.1'])).toBe(true);
  expect(bypasses(DEFAULT_NO_PROXY, '::1', 80, ['::1'])).toBe(true);
  expect(bypasses(DEFAULT_NO_PROXY, 'named.test', 80)).toBe(false);
});

test.each([
  '',
  'a b',
  'http://a.test',
  'a/b',
  '10.0.0.0/33',
  'fd00::/129',
  'a.test:0',
  'a.test:70000',
  'a..b',
  '*a',
  '.',
])('%j is not an entry', (entry) => {
  expect(isNoProxyEntry(entry)).toBe(false);
  expect(() => createNoProxy([entry])).toThrow('is not a name, an address or a network');
});
