import { createPrivateKey, X509Certificate } from 'node:crypto';
import { checkedTls, refuseTlsWithoutHttps } from '../../../src/api/endpoints/tls/checked-tls.ts';
import type { TlsChanges } from '../../../src/api/endpoints/tls/tls-schemas.ts';
import { tlsChanges } from '../../../src/api/endpoints/tls/tls-schemas.ts';
import { Problem } from '../../../src/api/problems/problem.ts';
import { certificate as shown } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';
import { cpuMs } from '../../set-up/cpu-time.ts';

const authority = createClientAuthority();
const client = authority.issue('sender');
const intermediate = authority.intermediate('Below');
const below = intermediate.issue('sender below');
const NOW = Date.now();

const check = (tls: TlsChanges) => checkedTls(tls, NOW);
const withKey = (privateKey: string, certificate = client.certificate) =>
  check({ clientCertificate: { certificate, privateKey } });
const withChain = (certificate: string, privateKey = client.privateKey) => withKey(privateKey, certificate);

/** The pointer and the detail of the problem that `work` throws. */
function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.errors).toHaveLength(1);
    return `${error.code} ${error.errors[0]!.pointer} ${error.errors[0]!.detail}`;
  }
  return 'nothing';
}

test('a certificate and its key are kept in one form, without what stands around them', () => {
  const { privateKey, certificate } = client;
  const noisy = `Bag Attributes\n  friendlyName: x\n${certificate.replaceAll('\n', '\r\n')}\nmore`;
  const pkcs1 = createPrivateKey(privateKey).export({ type: 'sec1', format: 'pem' }).toString();
  const named = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pkcs1}`;

  expect(withKey(named, noisy)).toEqual({ clientCertificate: { certificate, privateKey } });
});

test.each([
  ['RSA with 2,048 bits', ['rsa:2048']],
  ['ECDSA with P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ['Ed25519', ['ed25519']],
])('a key is accepted: %s', (_name, key) => {
  const issued = authority.issue('sender', { key });
  expect(check({ clientCertificate: issued })).toMatchObject({ clientCertificate: issued });
});

test.each([
  ['RSA with 1,024 bits', ['rsa:1024']],
  ['RSA with 5,120 bits', ['rsa:5120']],
  ['ECDSA with another curve', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']],
  ['Ed448', ['ed448']],
])('a key is refused: %s', (_name, key) => {
  const { privateKey, certificate } = authority.issue('sender', { key });
  expect(problemOf(() => withKey(privateKey, certificate))).toMatch(
    /^invalid_body \/tls\/clientCertificate\/privateKey must be an RSA key of 2,048 to 4,096 bits/,
  );
});

const encrypted = (type: 'pkcs8' | 'sec1') =>
  createPrivateKey(client.privateKey)
    .export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();

test.each<[string, () => string, RegExp]>([
  ['of another certificate', () => below.privateKey, /is not the key of the first certificate/],
  ['that is encrypted (PKCS 8)', () => encrypted('pkcs8'), /is encrypted/],
  ['that is encrypted (SEC 1)', () => encrypted('sec1'), /is encrypted/],
  ['with another', () => client.privateKey + below.privateKey, /one private key and nothing else/],
  ['with a certificate', () => client.privateKey + client.certificate, /one private key and nothing else/],
  ['that is empty', () => '', /must be PEM text/],
  [
    'that is damaged',
    () => client.privateKey.replace(/\n[A-Za-z0-9+/=]+\n-----END/, '\n-----END'),
    /cannot be read/,
  ],
])('a private key %s is refused, without a part of it in the problem', (_name, key, pattern) => {
  const problem = problemOf(() => withKey(key()));
  expect(problem).toMatch(/^invalid_body \/tls\/clientCertificate\/privateKey /);
  expect(problem).toMatch(pattern);
  for (const line of key().split('\n')) if (line.length > 20) expect(problem).not.toContain(line);
});

const doubled = (pem: string): string => {
  const raw = new X509Certificate(pem).raw;
  const base64 = Buffer.concat([raw, raw]).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
};

test.each<[string, () => string, RegExp]>([
  ['that has expired', () => authority.issue('old', { days: -1 }).certificate, /certificate 1 expired at 20/],
  ['with a private key', () => client.certificate + client.privateKey, /contains a private key/],
  ['that is not PEM text', () => 'MIIB', /must be PEM text/],
  ['that is empty', () => '', /must be PEM text/],
  ['that is a request', () => client.certificate.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'), /only/],
  ['cut off', () => client.certificate + below.certificate.slice(0, 300), /without its end/],
  ['with two in one block', () => doubled(client.certificate), /exactly one certificate/],
  ['that is damaged', () => client.certificate.replace(/\n[^\n]+\n-----END/, '\n-----END'), /cannot be read/],
  ['with 11', () => client.certificate.repeat(11), /more than 10/],
  [
    'with one that did not issue it',
    () => client.certificate + intermediate.certificate,
    /certificate 2 did not issue certificate 1/,
  ],
  ['in the wrong order', () => authority.certificate + client.certificate, /is not the key of the first/],
])('a certificate %s is refused', (_name, certificate, pattern) => {
  expect(problemOf(() => withChain(certificate()))).toMatch(pattern);
});

test('a chain is accepted, the certificate first', () => {
  const certificate = below.certificate + intermediate.certificate + authority.certificate;
  expect(withKey(below.privateKey, certificate)).toMatchObject({ clientCertificate: { certificate } });
});

test('authorities are certificates that have not expired, at most ten', () => {
  const both = authority.certificate + intermediate.certificate;
  expect(check({ authorities: both })).toEqual({ authorities: both });
  for (const authorities of ['', client.privateKey, shown('expired').cert, both.repeat(6)])
    expect(problemOf(() => check({ authorities }))).toMatch(/^invalid_body \/tls\/authorities /);
});

test('texts are at most 32 KiB long', () => {
  const long = 'a'.repeat(32_769);
  for (const tls of [{ authorities: long }, { clientCertificate: { certificate: long, privateKey: '' } }])
    expect(tlsChanges.safeParse(tls).success).toBe(false);
});

test('hostile PEM text is refused in a moment', () => {
  const startedAt = cpuMs();
  for (const text of ['-----BEGIN A-----'.repeat(1_900), '-----BEGIN A-----'.padEnd(32_768, '-')])
    expect(problemOf(() => check({ authorities: text }))).toMatch(/\/tls\/authorities/);
  expect(cpuMs() - startedAt).toBeLessThan(250);
});

test('what is left out stays, null removes, and what is set needs https', () => {
  expect(check({})).toEqual({});
  expect(check({ clientCertificate: null })).toEqual({ clientCertificate: null });
  expect(problemOf(() => refuseTlsWithoutHttps('http://a.example/', true))).toMatch(/\/tls needs a URL/);
  expect(problemOf(() => refuseTlsWithoutHttps('https://a.example/', true))).toBe('nothing');
});
