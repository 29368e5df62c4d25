import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** PEM text, or the content of the PEM file at this path; undefined if it is neither. */
export function readPem(text: string): Buffer | undefined {
  if (text.includes('-----BEGIN ')) return Buffer.from(text);
  try {
    const content = readFileSync(text);
    return content.includes('-----BEGIN ') ? content : undefined;
  } catch {
    return undefined;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text or file; undefined if it has none, or one that is not valid. */
export function readCertificates(text: string): string[] | undefined {
  const found = readPem(text)?.toString('latin1').match(CERTIFICATE);
  return found?.every(isCertificate) ? [...found] : undefined;
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}
