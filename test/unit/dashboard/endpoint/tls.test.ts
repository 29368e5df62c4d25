import { expiryNotes, expiryOf } from '../../../../dashboard/src/endpoint/tls/expiry.ts';
import { isUsableTls, tlsOf, tlsText, withText } from '../../../../dashboard/src/endpoint/tls/tls-draft.ts';
import type { CertificateSummary } from '../../../../sdk/typescript/src/models.ts';

const block = (label: string, text: string): string =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
const LEAF = block('CERTIFICATE', 'bGVhZg==');
const INTERMEDIATE = block('CERTIFICATE', 'aW50ZXI=');
const KEY = block('PRIVATE KEY', 'a2V5');
const EMPTY = { certificate: '', privateKey: '' };

test('a text with certificates and a key fills both fields, in its order and without what stands around them', () => {
  const both = { certificate: LEAF + INTERMEDIATE, privateKey: KEY };
  const text = `Bag Attributes\n${LEAF}${KEY}more\n${INTERMEDIATE}`;
  expect(withText(EMPTY, 'certificate', text)).toEqual(both);
  expect(withText(EMPTY, 'privateKey', text)).toEqual(both);
  const sec1 = block('EC PARAMETERS', 'cA==') + block('EC PRIVATE KEY', 'a2V5');
  expect(withText(EMPTY, 'certificate', sec1 + LEAF)).toEqual({ certificate: LEAF, privateKey: sec1 });
});

test('a key that is pasted as a certificate goes into its field, and any other text stays as it is written', () => {
  const draft = { certificate: LEAF, privateKey: '' };
  expect(withText(draft, 'certificate', KEY)).toEqual({ certificate: LEAF, privateKey: KEY });
  for (const text of ['', 'MIIB', LEAF, LEAF.slice(0, 20), KEY.slice(0, -4)])
    expect(withText(EMPTY, 'certificate', text)).toEqual({ ...EMPTY, certificate: text });
  for (const text of [KEY, LEAF, 'x'])
    expect(withText(draft, 'privateKey', text)).toEqual({ ...draft, privateKey: text });
});

test('only what is set anew or removed is sent, and not without its text', () => {
  expect(tlsOf({})).toBeUndefined();
  expect(tlsOf({ clientCertificate: undefined, authorities: null })).toEqual({ authorities: null });
  const clientCertificate = { certificate: LEAF, privateKey: KEY };
  expect(tlsOf({ clientCertificate })).toEqual({ clientCertificate });
  expect(isUsableTls({})).toBe(true);
  expect(isUsableTls({ clientCertificate, authorities: null })).toBe(true);
  expect(isUsableTls({ clientCertificate: { ...clientCertificate, privateKey: ' ' } })).toBe(false);
  expect(isUsableTls({ authorities: '' })).toBe(false);
});

const NOW = Date.parse('2026-11-30T12:00:00Z');
const DAY = 86_400_000;
const certificate = (from: number, to: number): CertificateSummary => ({
  subject: 'CN=sender',
  issuer: 'CN=Clients',
  serialNumber: '01',
  fingerprint256: 'AA',
  validFrom: new Date(NOW + from * DAY).toISOString(),
  validTo: new Date(NOW + to * DAY).toISOString(),
});

test.each([
  [-10, 0, 'expired'],
  [-10, 29.9, 'soon'],
  [-10, 30, 'valid'],
  [1, 400, 'early'],
])('a certificate that is valid from day %d to day %d is %s', (from, to, expected) => {
  expect(expiryOf(certificate(from, to), NOW)).toBe(expected);
});

test('a note names each certificate that has expired or will within 30 days', () => {
  const valid = certificate(-1, 90);
  expect(expiryNotes(null, NOW)).toEqual([]);
  expect(expiryNotes({ clientCertificate: valid, authorities: [valid] }, NOW)).toEqual([]);
  expect(
    expiryNotes({ clientCertificate: certificate(-1, 12), authorities: [valid, certificate(-9, -3)] }, NOW),
  ).toEqual([
    'The client certificate expires in 12 d: replace it under Settings.',
    'The authority CN=sender expired 3 d ago: replace it under Settings.',
  ]);
});

test('the form says in a line what the endpoint will have', () => {
  const present = { clientCertificate: certificate(-1, 90), authorities: [certificate(-1, 90)] };
  const nothing = 'no client certificate, no authorities of its own';
  expect(tlsText({}, null)).toBe(nothing);
  expect(tlsText({}, present)).toBe('client certificate CN=sender, authorities of its own');
  expect(tlsText({ clientCertificate: EMPTY, authorities: null }, present)).toBe('client certificate');
  expect(tlsText({ clientCertificate: null, authorities: null }, present)).toBe(nothing);
});
