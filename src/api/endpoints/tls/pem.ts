import { X509Certificate } from 'node:crypto';
import { invalidBody, type Problem } from '../../problems/problem.ts';

type PemBlock = { label: string; text: string };

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----[^-]*(?:-(?!-{4}(?:BEGIN|END))[^-]*)*-----END \1-----/g;
const MAX_CERTIFICATES = 10;

/** The blocks of a PEM text. What stands between them, as some tools write it, is left out. */
export const pemBlocks = (text: string): PemBlock[] =>
  [...text.matchAll(BLOCK)].map(([block, label]) => ({ label: label!, text: block }));

/** A problem with a PEM text. The detail never repeats a part of the text. */
export const refused = (pointer: string, detail: string): Problem => invalidBody([{ pointer, detail }]);

/** The certificates of a PEM text, in its order. Throws invalid_body unless it has 1 to 10 and nothing else. */
export function parseCertificates(text: string, pointer: string, now: number): X509Certificate[] {
  const blocks = pemBlocks(text);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    throw refused(pointer, 'contains a private key, which belongs in tls.clientCertificate.privateKey only');
  if (blocks.length === 0 || blocks.some(({ label }) => label !== 'CERTIFICATE'))
    throw refused(pointer, 'must be PEM text with certificates only (-----BEGIN CERTIFICATE-----)');
  if (text.split('-----BEGIN ').length !== blocks.length + 1)
    throw refused(pointer, 'has a block without its end (-----END CERTIFICATE-----)');
  if (blocks.length > MAX_CERTIFICATES)
    throw refused(pointer, `has more than ${MAX_CERTIFICATES} certificates`);
  return blocks.map(({ text: block }, index) => {
    const certificate = parseCertificate(block);
    const which = `certificate ${index + 1}`;
    if (!certificate)
      throw refused(pointer, `${which} cannot be read: a block must hold exactly one certificate`);
    if (certificate.validToDate.getTime() <= now)
      throw refused(pointer, `${which} expired at ${certificate.validToDate.toISOString()}`);
    return certificate;
  });
}

function parseCertificate(block: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(block);
    const base64 = block.replace(/-----[A-Z ]+-----/g, '');
    // What follows the certificate in its block would be stored, but never looked at.
    return Buffer.from(base64, 'base64').length === certificate.raw.length ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** The PEM text of certificates in one form, whatever lines the original had. */
export const toPem = (certificates: X509Certificate[]): string =>
  certificates.map((certificate) => `${certificate.toString().trim()}\n`).join('');
