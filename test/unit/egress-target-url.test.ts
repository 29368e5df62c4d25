import { createAddressGuard } from '../../src/egress/address-guard.ts';
import { originOf, parseTargetUrl } from '../../src/egress/target-url.ts';

const strict = createAddressGuard([]);
const local = createAddressGuard(['127.0.0.0/8', '::1/128']);
const HTTPS_PUBLIC = { httpsOnly: true, publicOnly: true };
const ANYTHING = { httpsOnly: false, publicOnly: false };

test.each([
  ['https://example.com/hook', 'https://example.com/hook'],
  ['https://example.com:8443/a/b?c=d', 'https://example.com:8443/a/b?c=d'],
  ['HTTPS://EXAMPLE.com', 'https://example.com/'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ['https://8.8.8.8/', 'https://8.8.8.8/'],
  ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
])('%s is accepted', (text, href) => {
  expect(String(parseTargetUrl(text, HTTPS_PUBLIC, strict))).toBe(href);
});

test.each([
  ['', 'url_invalid'],
  ['example.com/hook', 'url_invalid'],
  ['/hook', 'url_invalid'],
  ['https://', 'url_invalid'],
  ['https://./', 'url_invalid'],
  ['https://example.com:0/', 'url_invalid'],
  ['https://example.com:70000/', 'url_invalid'],
  ['https://256.256.256.256/', 'url_invalid'],
  [`https://example.com/${'x'.repeat(2_048)}`, 'url_too_long'],
  ['ftp://example.com/', 'url_scheme_not_allowed'],
  ['file:///etc/passwd', 'url_scheme_not_allowed'],
  ['javascript:alert(1)', 'url_scheme_not_allowed'],
  ['gopher://127.0.0.1/', 'url_scheme_not_allowed'],
  ['http://example.com/', 'url_https_required'],
  ['https://user@example.com/', 'url_has_credentials'],
  ['https://user:password@example.com/', 'url_has_credentials'],
  ['https://example.com/#top', 'url_has_fragment'],
  ['https://example.com/#', 'url_has_fragment'],
  ['https://example.com/a b', 'url_has_forbidden_characters'],
  [' https://example.com/', 'url_has_forbidden_characters'],
  ['https://exam\tple.com/', 'url_has_forbidden_characters'],
  ['https://example.com/\r\nx: y', 'url_has_forbidden_characters'],
  ['https:\\\\example.com\\', 'url_has_forbidden_characters'],
  ['https://example.com/\0', 'url_has_forbidden_characters'],
  ['https://example.com/\u00a0', 'url_has_forbidden_characters'],
  ['https://localhost/', 'url_name_not_public'],
  ['https://LOCALHOST./', 'url_name_not_public'],
  ['https://a.localhost/', 'url_name_not_public'],
  ['https://printer.local/', 'url_name_not_public'],
  ['https://metadata.google.internal/', 'url_name_not_public'],
  ['https://router.home.arpa/', 'url_name_not_public'],
  ['https://intranet/', 'url_name_not_public'],
  ['https://2130706433/', 'url_address_not_allowed'],
  ['https://①②⑦.⓪.⓪.①/', 'url_address_not_allowed'],
  ['https://[::1]/', 'url_address_not_allowed'],
  ['https://[::ffff:10.0.0.1]/', 'url_address_not_allowed'],
  ['https://169.254.169.254/latest/meta-data', 'url_address_not_allowed'],
])('%j is refused as %s', (text, code) => {
  const problem = parseTargetUrl(text, HTTPS_PUBLIC, strict);
  expect(problem).toMatchObject({ code });
  expect(problem).toHaveProperty('detail', expect.stringMatching(/^the URL /));
});

test.each([
  'http://127.0.0.1:3000/',
  'http://localhost:3000/',
  'http://x.localhost/',
  'http://[::1]:3000/',
  'https://localhost/',
])('%s is accepted where the operator allowed loopback, whatever the profile says', (text) => {
  expect(parseTargetUrl(text, HTTPS_PUBLIC, local)).toBeInstanceOf(URL);
  expect(parseTargetUrl(text, HTTPS_PUBLIC, strict)).not.toBeInstanceOf(URL);
});

test.each([
  ['http://10.0.0.1/', 'url_https_required'],
  ['http://8.8.8.8/', 'url_https_required'],
  ['http://example.com/', 'url_https_required'],
  ['https://10.0.0.1/', 'url_address_not_allowed'],
])('allowing loopback does not make %s acceptable', (text, code) => {
  expect(parseTargetUrl(text, HTTPS_PUBLIC, local)).toMatchObject({ code });
});

test('a profile that asks for neither leaves the judgement to the dial', () => {
  expect(parseTargetUrl('http://receiver:8080/', ANYTHING, strict)).toBeInstanceOf(URL);
  expect(parseTargetUrl('http://10.0.0.1/', ANYTHING, strict)).toBeInstanceOf(URL);
});

test('the origin has the default port of its scheme, and a host without brackets or a last dot', () => {
  expect(originOf(new URL('https://example.com./x'))).toEqual({
    host: 'example.com',
    port: 443,
    secure: true,
  });
  expect(originOf(new URL('http://[::1]:81/'))).toEqual({ host: '::1', port: 81, secure: false });
  expect(originOf(new URL('http://a.example/'))).toEqual({ host: 'a.example', port: 80, secure: false });
});
