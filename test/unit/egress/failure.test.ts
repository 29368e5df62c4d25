import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorDocs } from '../../../scripts/error-docs.ts';
import { FAILURE_MESSAGES, FALLBACK_MESSAGES } from '../../../src/egress/describe-failure.ts';
import { type AttemptPhase, failureOf, invalidResponse } from '../../../src/egress/failure.ts';
import { redirectError } from '../../../src/egress/redirect.ts';

const ROOT = join(__dirname, '../../..');
const thrown = (code: string): Error => Object.assign(new Error('10.9.8.7 s3cret'), { code });

test.each<[string, AttemptPhase, string, string]>([
  // OpenSSL 3.2 renamed these codes: both spellings have to give the same one.
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls', 'tls_failed', 'TLS_ALERT_HANDSHAKE_FAILURE'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls', 'tls_failed', 'TLS_ALERT_HANDSHAKE_FAILURE'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'response', 'tls_failed', 'TLS_ALERT_BAD_CERTIFICATE'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'response', 'tls_failed', 'TLS_ALERT_CERTIFICATE_REQUIRED'],
  ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'tls', 'tls_failed', 'TLS_ALERT_UNRECOGNIZED_NAME'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls', 'tls_failed', 'TLS_ALERT_UNKNOWN_CA'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'tls', 'tls_failed', 'HTTP2_ONLY'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls', 'tls_failed', 'TLS_VERSION_TOO_OLD'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls', 'tls_failed', 'TLS_VERSION_TOO_OLD'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'tls_failed', 'NO_TLS_AT_PORT'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'tls', 'tls_failed', 'NO_TLS_AT_PORT'],
  ['ERR_SSL_DH_KEY_TOO_SMALL', 'tls', 'tls_failed', 'WEAK_TLS'],
  ['ECONNREFUSED', 'dns', 'dns_failed', 'ECONNREFUSED'],
  ['ECONNREFUSED', 'connect', 'connection_failed', 'ECONNREFUSED'],
  ['ECONNRESET', 'tls', 'tls_failed', 'ECONNRESET'],
])('%s in the phase %s gives %s with the code %s and its own message', (code, phase, outcome, expected) => {
  const failure = failureOf(thrown(code), phase);

  expect(failure).toMatchObject({ outcome, error: { code: expected } });
  expect(Object.values(FALLBACK_MESSAGES)).not.toContain(failure.error.message);
  expect(JSON.stringify(failure)).not.toMatch(/10\.9\.8\.7|s3cret/);
});

test.each([
  ['ERR_SSL_A/STRANGE reason: 10%', 'ERR_SSL_A_STRANGE_REASON_10_'],
  ['constructor', 'CONSTRUCTOR'],
  ['x'.repeat(500), 'X'.repeat(64)],
  ['', 'UNKNOWN'],
])('the unlisted code %j is reported with safe characters only', (code, expected) => {
  const { error } = failureOf(thrown(code), 'tls');
  expect(error).toEqual({ code: expected, message: FALLBACK_MESSAGES.tls_failed });
});

test.each([
  ['a TLS alert', '15030300020228', 'TLS_AT_PORT'],
  ['the settings of HTTP/2', '000012040000000000000300000064', 'HTTP2_ONLY'],
  ['a greeting of SSH', '5353482d322e302d780d0a', 'NOT_HTTP'],
  ['nothing', '', 'NOT_HTTP'],
])('%s in place of a response is recognized by its first bytes', (_, hex, code) => {
  expect(invalidResponse('NOT_HTTP', Buffer.from(hex, 'hex'))).toMatchObject({
    outcome: 'invalid_response',
    error: { code },
  });
});

test('every message says what happened and what to change, except where the customer can change nothing', () => {
  const messages = Object.entries(FAILURE_MESSAGES)
    .filter(([outcome]) => outcome !== 'blocked')
    .flatMap(([, byCode]) => Object.values(byCode));
  for (const text of messages) expect(text).toMatch(/^(an?|the|no|nothing|what) [^:]+: \S/);
});

test('docs/errors.md lists every code that Posthorn itself gives to a failed attempt', () => {
  const docs = errorDocs();
  const sources = ['src/egress', 'src/attempts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
  );
  const inSources = sources.flatMap((text) =>
    [...text.matchAll(/\bcode: '([A-Z0-9_]+)'/g)].map(([, code]) => code!),
  );
  const inMessages = Object.values(FAILURE_MESSAGES).flatMap((byCode) => Object.keys(byCode));
  for (const code of [...inSources, ...inMessages]) expect(docs).toContain(`| \`${code}\` |`);
});

const requested = new URL('https://hooks.example.com/a/b?token=s3cret');
test.each([
  [308, 'https://www.example.com/', 'https://www.example.com/'],
  [301, '/c', 'https://hooks.example.com/c'],
  [302, '//other.example:8443/x?session=s3cret', 'https://other.example:8443/x?…'],
  [307, 'https://user:s3cret@other.example/x#s3cret', 'https://other.example/x'],
  [303, `https://other.example/${'x'.repeat(5_000)}`, `https://other.example/${'x'.repeat(278)}…`],
])(
  'a response %d with the location %.60s names the target without possible secrets',
  (status, location, expected) => {
    const error = redirectError(status, location, requested);
    expect(error).toMatchObject({ code: 'REDIRECT_NOT_FOLLOWED' });
    expect(error!.message).toContain(`redirects to ${expected}: `);
    expect(error!.message).not.toContain('s3cret');
  },
);

test.each([undefined, 'https://[/', 'mailto:a@b.example', ['https://a.example/', 'https://b.example/']])(
  'a redirect to %j names no target',
  (location) => {
    expect(redirectError(302, location, requested)!.message).toMatch(/redirects without a valid target/);
  },
);

test.each([200, 304, 305, 400, 500])('a response %d is not a redirect', (status) => {
  expect(redirectError(status, 'https://www.example.com/', requested)).toBeUndefined();
});
