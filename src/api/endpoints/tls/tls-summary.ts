import { X509Certificate } from 'node:crypto';
import type { SecretBox } from '../../../secrets/secret-box.ts';
import type { Endpoint } from '../../../store/endpoints/endpoints.ts';
import { pemBlocks } from './pem.ts';
import { openCertificates } from './seal-tls.ts';
import type { CertificateSummary, TlsSummary } from './tls-schemas.ts';

/** What an endpoint uses for TLS, in words: neither keys nor certificates. Null if it uses nothing of its own. */
export function tlsSummaryOf(
  box: SecretBox,
  projectId: string,
  endpoint: Pick<Endpoint, 'id' | 'tlsCertificate' | 'tlsAuthorities'>,
): TlsSummary | null {
  const { certificate, authorities } = openCertificates(box, projectId, endpoint);
  if (certificate === null && authorities === null) return null;
  return {
    clientCertificate: certificate === null ? null : summaryOf(pemBlocks(certificate)[0]!.text),
    authorities: authorities === null ? null : pemBlocks(authorities).map(({ text }) => summaryOf(text)),
  };
}

/** The parts of a name on one line, such as `C=DE, O=Acme, CN=sender`. */
const nameOf = (name: string | undefined): string => (name ?? '').split('\n').join(', ');

function summaryOf(pem: string): CertificateSummary {
  const { subject, issuer, serialNumber, fingerprint256, validFromDate, validToDate } = new X509Certificate(
    pem,
  );
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    serialNumber,
    fingerprint256,
    validFrom: validFromDate,
    validTo: validToDate,
  };
}
