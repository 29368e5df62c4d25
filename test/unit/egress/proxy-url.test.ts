import { displayedProxy, parseProxyUrl } from '../../../src/egress/proxy/proxy-url.ts';

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

test.each<[string, object]>([
  ['http://proxy:3128', { host: 'proxy', port: 3128, secure: false }],
  ['http://10.0.0.7:3128/', { host: '10.0.0.7', port: 3128, secure: false }],
  ['http://[fd00::7]:3128', { host: 'fd00::7', port: 3128, secure: false }],
  ['https://proxy.example', { host: 'proxy.example', port: 443, secure: true }],
  ['http://proxy', { host: 'proxy', port: 80, secure: false }],
  ['http://u%40d:p%3Aw%C3%A9@proxy:1', { port: 1, authorization: basic('u@d:p:wé') }],
  ['http://user@proxy:1', { authorization: basic('user:') }],
])('%s names a proxy', (text, expected) => {
  expect(parseProxyUrl(text)).toMatchObject(expected);
});

test.each([
  'proxy:3128',
  'socks5://proxy:1080',
  'http://proxy/path',
  'http://proxy/?a',
  'http://a:%zz@proxy',
  'http://',
])('%s names none', (text) => {
  expect(parseProxyUrl(text)).toBeUndefined();
});

test('a proxy is displayed without its user name and password', () => {
  expect(displayedProxy(parseProxyUrl('http://user:secret@[fd00::7]:3128')!)).toBe('http://[fd00::7]:3128');
});
