import type { SecretBox } from '../../../secrets/secret-box.ts';
import type { SealedTls } from '../../../store/endpoints/endpoint-tls.ts';
import { type Endpoint, endpointTlsContext } from '../../../store/endpoints/endpoints.ts';
import type { CheckedTls } from './checked-tls.ts';

export function sealTls(
  box: SecretBox,
  projectId: string,
  endpointId: string,
  { clientCertificate, authorities }: CheckedTls,
): SealedTls {
  const seal = (text: string, column: Parameters<typeof endpointTlsContext>[2]): Buffer =>
    box.seal(text, endpointTlsContext(projectId, endpointId, column));
  return {
    ...(clientCertificate !== undefined && {
      clientCertificate: clientCertificate && {
        certificate: seal(clientCertificate.certificate, 'tls_certificate'),
        privateKey: seal(clientCertificate.privateKey, 'tls_key'),
      },
    }),
    ...(authorities !== undefined && {
      authorities: authorities === null ? null : seal(authorities, 'tls_authorities'),
    }),
  };
}

/** The PEM texts of an endpoint's certificates, without the private key. */
export function openCertificates(
  box: SecretBox,
  projectId: string,
  { id, tlsCertificate, tlsAuthorities }: Pick<Endpoint, 'id' | 'tlsCertificate' | 'tlsAuthorities'>,
): { certificate: string | null; authorities: string | null } {
  return {
    certificate:
      tlsCertificate && box.open(tlsCertificate, endpointTlsContext(projectId, id, 'tls_certificate')),
    authorities:
      tlsAuthorities && box.open(tlsAuthorities, endpointTlsContext(projectId, id, 'tls_authorities')),
  };
}
