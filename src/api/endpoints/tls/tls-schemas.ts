import { z } from 'zod';
import { time } from '../../http/validation/fields.ts';

/** Characters of a PEM text. A chain of ten certificates with RSA keys of 4,096 bits has about 25,000. */
const MAX_PEM_LENGTH = 32_768;

const clientCertificate = z
  .strictObject({
    certificate: z.string().max(MAX_PEM_LENGTH).meta({
      description:
        'PEM text: the certificate, followed by those that lead from it to its authority; at most 10 in all',
      example: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
    }),
    privateKey: z.string().max(MAX_PEM_LENGTH).meta({
      description:
        'PEM text of the private key of the first certificate, not encrypted: RSA with 2,048 to 4,096 bits, ECDSA with P-256, P-384 or P-521, or Ed25519. Never returned',
      example: '-----BEGIN PRIVATE KEY-----\nMIGH…\n-----END PRIVATE KEY-----\n',
    }),
  })
  .meta({ id: 'ClientCertificate' });

/** What a registration or a change sets. */
export const tlsChanges = z
  .strictObject({
    clientCertificate: clientCertificate.nullable().optional().meta({
      description:
        'What the endpoint shows to a receiver that asks for a client certificate; null removes it',
    }),
    authorities: z.string().max(MAX_PEM_LENGTH).nullable().optional().meta({
      description:
        'PEM text of 1 to 10 certificates: only a receiver whose certificate one of them issued is trusted. null: the public authorities and those of the operator',
    }),
  })
  .meta({
    id: 'EndpointTls',
    description: 'TLS of the connections to the endpoint. Its URL must use https',
  });

const certificateSummary = z
  .object({
    subject: z.string(),
    issuer: z.string(),
    serialNumber: z.string(),
    fingerprint256: z.string().meta({ description: 'SHA-256 of the certificate, in hex with colons' }),
    validFrom: time,
    validTo: time,
  })
  .meta({ id: 'CertificateSummary' });

export const tlsSummary = z
  .object({
    clientCertificate: certificateSummary.nullable(),
    authorities: z.array(certificateSummary).nullable().meta({
      description: 'null: the public authorities and those of the operator are trusted',
    }),
  })
  .meta({
    id: 'EndpointTlsSummary',
    description: 'The certificates that connections to the endpoint use. Private keys are never returned',
  });

export type CertificateSummary = z.output<typeof certificateSummary>;
export type TlsSummary = z.output<typeof tlsSummary>;
export type TlsChanges = z.output<typeof tlsChanges>;
