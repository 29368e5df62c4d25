import fc from 'fast-check';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { createOwnServices } from '../../../src/egress/addresses/own-services.ts';
import { originOf, parseTargetUrl, requestTargetOf } from '../../../src/egress/target-url.ts';

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
  ['https:example.com/hook', 'url_invalid'],
  ['example.com:443/hook', 'url_scheme_not_allowed'],
  ['https://', 'url_has_no_host'],
  ['https://./', 'url_has_no_host'],
  ['https:///example.com', 'url_has_no_host'],
  ['https://:443/', 'url_has_no_host'],
  ['https://example.com:0/', 'url_port_invalid'],
  ['https://example.com:70000/', 'url_port_invalid'],
  ['https://example.com:-1/', 'url_port_invalid'],
  ['https://example.com:http/', 'url_port_invalid'],
  ['https://example.com:80:90/', 'url_ipv6_invalid'],
  ['https://[2606:4700:4700::1111]:99999/', 'url_port_invalid'],
  ['https://2606:4700:4700::1111/', 'url_ipv6_invalid'],
  ['https://[2606:4700:4700::1111/', 'url_ipv6_invalid'],
  ['https://[2606:4700:4700::11111]/', 'url_ipv6_invalid'],
  ['https://[fe80::1%25eth0]/', 'url_ipv6_invalid'],
  ['https://256.256.256.256/', 'url_ipv4_invalid'],
  ['https://1.2.3.4.5/', 'url_ipv4_invalid'],
  ['https://example.123/', 'url_ipv4_invalid'],
  ['https://example.0x1f./', 'url_ipv4_invalid'],
  ['https://exa%20mple.com/', 'url_host_has_invalid_characters'],
  ['https://exa<mple.com/', 'url_host_has_invalid_characters'],
  ['https://a"b.example/', 'url_host_has_invalid_characters'],
  ['https://{tenant}.example.com/', 'url_host_has_invalid_characters'],
  ['https://*.example.com/', 'url_host_has_wildcard'],
  ['https://a.*.example.com/', 'url_host_has_wildcard'],
  ['https://a..example.com/', 'url_host_has_empty_label'],
  ['https://.example.com/', 'url_host_has_empty_label'],
  ['https://example.com../', 'url_host_has_empty_label'],
  [`https://${'a'.repeat(64)}.example/`, 'url_host_too_long'],
  [`https://${'ü'.repeat(60)}.example/`, 'url_host_too_long'],
  [`https://${'a.'.repeat(124)}example/`, 'url_host_too_long'],
  ['https://hooks.invalid/', 'url_host_never_resolves'],
  ['https://expyuzz4wqqyqhjn.onion/', 'url_host_never_resolves'],
  ['https://hooks.alt./', 'url_host_never_resolves'],
  [`https://example.com/${'x'.repeat(2_048)}`, 'url_too_long'],
  [`https://example.com/${'ü'.repeat(1_000)}`, 'url_too_long_as_sent'],
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

test.each([
  `https://${'a'.repeat(63)}.example/`,
  `https://${'a.'.repeat(123)}example/`,
  'https://my_service.example.com/',
  'https://-a-.example.com/',
  'https://hooks.test/',
  'https://hooks.example/',
  'https://123.example/',
])('%s has a host that DNS may know', (text) => {
  expect(parseTargetUrl(text, HTTPS_PUBLIC, strict)).toBeInstanceOf(URL);
});

test('a cluster-internal name is accepted if the profile does not require public addresses', () => {
  const text = 'http://hooks.shop.svc.cluster.local:8080/';
  expect(parseTargetUrl(text, ANYTHING, strict)).toBeInstanceOf(URL);
  expect(parseTargetUrl(text, { ...ANYTHING, publicOnly: true }, strict)).toMatchObject({
    code: 'url_name_not_public',
  });
});

describe('a service of Posthorn itself', () => {
  const own = createOwnServices([
    { host: 'localhost', port: 8233, matchedBy: 'address' },
    { host: 'temporal.example.com', port: 443, matchedBy: 'name' },
  ]);
  const guard = createAddressGuard(['0.0.0.0/0', '::/0'], own);

  test.each([
    'http://127.0.0.1:8233/',
    'http://127.8.8.8:8233/',
    'http://2130706433:8233/',
    'http://0.0.0.0:8233/',
    'http://[::]:8233/',
    'http://[::1]:8233/',
    'http://[::ffff:127.0.0.1]:8233/',
    'http://localhost:8233/',
    'http://a.LOCALHOST.:8233/',
    'https://Temporal.example.com/',
    'https://temporal.example.com.:443/api',
  ])('is no target as %s, whatever is allowed', (text) => {
    expect(parseTargetUrl(text, ANYTHING, guard)).toEqual({
      code: 'url_own_service',
      detail: 'the URL belongs to the service that sends the requests',
    });
  });

  test.each([
    'http://127.0.0.1:8234/',
    'http://8.8.8.8:8233/',
    'https://www.example.com/',
    'https://temporal.example.com:8443/',
  ])('is not %s', (text) => expect(parseTargetUrl(text, ANYTHING, guard)).toBeInstanceOf(URL));
});

describe('with allowed ports', () => {
  const ports = [
    { first: 443, last: 443 },
    { first: 8000, last: 8999 },
  ]; // 443,8000-8999
  const guard = createAddressGuard(['127.0.0.0/8'], undefined, undefined, ports);

  test.each(['https://a.example/', 'https://a.example:8000/', 'http://127.0.0.1:8999/'])(
    '%s may be a target',
    (text) => expect(parseTargetUrl(text, ANYTHING, guard)).toBeInstanceOf(URL),
  );

  test.each(['http://a.example/', 'https://a.example:9000/', 'http://127.0.0.1:22/'])(
    '%s is refused',
    (text) =>
      expect(parseTargetUrl(text, ANYTHING, guard)).toEqual({
        code: 'url_port_not_allowed',
        detail: 'the URL has a port that the operator does not allow',
      }),
  );
});

const asciiOf = (min: number, max: number) =>
  fc.integer({ min, max }).map((code) => String.fromCharCode(code));
const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2F',
    '%zz',
    '%',
    '?',
    '??',
    '&',
    '=',
    ';',
    ':',
    '@',
    "'",
    '"',
    '`',
  ),
  fc.constantFrom('{', '}', '|', '^', '[', ']', '<', '>', '~', 'ü', '語', '📯', '\ud800', '\u200d', '\ufeff'),
  asciiOf(0x21, 0x7e),
);
const host = fc.constantFrom(
  'Example.COM',
  'example.com:443',
  'example.com.',
  'bücher.example',
  '8.8.8.8',
  '0x8.8.8.8',
);

test('an accepted URL is returned as it is stored, and its path and query are sent byte for byte', () => {
  fc.assert(
    fc.property(host, fc.array(piece, { maxLength: 20 }), (name, pieces) => {
      const url = parseTargetUrl(`https://${name}/${pieces.join('')}`, HTTPS_PUBLIC, strict);
      if (!(url instanceof URL)) return;
      expect(parseTargetUrl(url.href, HTTPS_PUBLIC, strict)).toMatchObject({ href: url.href });
      expect(url.origin + requestTargetOf(url)).toBe(url.href);
      expect(requestTargetOf(url)).toMatch(/^\/[!-~]*$/);
    }),
    { numRuns: 3_000 },
  );
});

test('any text is either accepted as a URL or refused with a reason', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => `https://${pieces.join('')}`),
    fc.array(piece).map((pieces) => `http:${pieces.join('')}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      const result = parseTargetUrl(given, ANYTHING, strict);
      if (!(result instanceof URL)) expect(result.detail).toMatch(/^the URL [a-z]/);
    }),
    { numRuns: 3_000 },
  );
});

test('without httpsOnly and publicOnly, the address is checked only when it is dialed', () => {
  expect(parseTargetUrl('http://receiver:8080/', ANYTHING, strict)).toBeInstanceOf(URL);
  expect(parseTargetUrl('http://10.0.0.1/', ANYTHING, strict)).toBeInstanceOf(URL);
});

test('the origin contains the default port of its scheme, and a host without brackets or trailing dot', () => {
  expect(originOf(new URL('https://example.com./x'))).toEqual({
    host: 'example.com',
    port: 443,
    secure: true,
  });
  expect(originOf(new URL('http://[::1]:81/'))).toEqual({ host: '::1', port: 81, secure: false });
  expect(originOf(new URL('http://a.example/'))).toEqual({ host: 'a.example', port: 80, secure: false });
});
