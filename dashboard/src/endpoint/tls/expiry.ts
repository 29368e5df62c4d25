import type { CertificateSummary, EndpointTlsSummary } from '../../../../sdk/typescript/src/models.ts';
import { relative } from '../../kit/time/time.ts';

/** Enough to ask an authority for another one. */
const SOON_MS = 30 * 86_400_000;

export type Expiry = 'early' | 'valid' | 'soon' | 'expired';

export function expiryOf({ validFrom, validTo }: CertificateSummary, now: number): Expiry {
  const end = Date.parse(validTo);
  if (end <= now) return 'expired';
  if (Date.parse(validFrom) > now) return 'early';
  return end - now < SOON_MS ? 'soon' : 'valid';
}

/** One sentence for each certificate of an endpoint that has expired or will soon. */
export function expiryNotes(tls: EndpointTlsSummary | null, now: number): string[] {
  const named: [string, CertificateSummary | null][] = [
    ['The client certificate', tls?.clientCertificate ?? null],
    ...(tls?.authorities ?? []).map((one): [string, CertificateSummary] => [
      `The authority ${one.subject}`,
      one,
    ]),
  ];
  return named.flatMap(([name, certificate]) => {
    const expiry = certificate && expiryOf(certificate, now);
    if (expiry !== 'soon' && expiry !== 'expired') return [];
    const word = expiry === 'soon' ? 'expires' : 'expired';
    return [`${name} ${word} ${relative(Date.parse(certificate!.validTo), now)}: replace it under Settings.`];
  });
}
