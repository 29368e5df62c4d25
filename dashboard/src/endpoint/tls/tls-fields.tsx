import type { EndpointTlsSummary } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { SettablePart } from '../settable-part.tsx';
import { Certificate } from './certificate.tsx';
import { PemField } from './pem-field.tsx';
import { missingText, type TlsDraft, withText } from './tls-draft.ts';

type TlsFieldsProps = {
  /** What the endpoint has. */
  present: EndpointTlsSummary | null;
  draft: TlsDraft;
  onChange: (draft: TlsDraft) => void;
  error: unknown;
  /** Whether it was tried to save them. */
  isChecked: boolean;
};

/** The client certificate with its key, and the authorities. What is stored can be replaced or removed, and not read. */
export function TlsFields({ present, draft, onChange, error, isChecked }: TlsFieldsProps) {
  const { clientCertificate, authorities } = draft;
  const problem = (text: string, pointer: string): string | undefined =>
    (isChecked ? missingText(text) : undefined) ?? errorAt(error, pointer);
  return (
    <>
      <SettablePart
        title="Client certificate"
        about="Shown to a receiver that asks for one (mutual TLS)."
        what="a client certificate"
        removed="It is removed when you save. The receiver then gets no certificate."
        present={present?.clientCertificate && <Certificate certificate={present.clientCertificate} />}
        isChanged={clientCertificate !== undefined}
        onChange={(act) =>
          onChange({
            ...draft,
            clientCertificate: { keep: undefined, remove: null, set: { certificate: '', privateKey: '' } }[
              act
            ],
          })
        }
      >
        {clientCertificate && (
          <>
            <PemField
              label="Certificate"
              hint="PEM text: the certificate, then those that lead to its authority. A text or file that contains the key as well fills both fields."
              error={problem(clientCertificate.certificate, '/tls/clientCertificate/certificate')}
              value={clientCertificate.certificate}
              onChange={(text) =>
                onChange({ ...draft, clientCertificate: withText(clientCertificate, 'certificate', text) })
              }
            />
            <PemField
              label="Private key"
              hint="PEM text, not encrypted. It is stored encrypted, and never shown again."
              error={problem(clientCertificate.privateKey, '/tls/clientCertificate/privateKey')}
              isSecret
              value={clientCertificate.privateKey}
              onChange={(text) =>
                onChange({ ...draft, clientCertificate: withText(clientCertificate, 'privateKey', text) })
              }
            />
          </>
        )}
      </SettablePart>
      <SettablePart
        title="Authorities"
        about="The only ones whose certificates the endpoint trusts. Without them it trusts the public ones."
        what="authorities"
        removed="They are removed when you save. The receiver then needs a certificate of a public authority."
        present={present?.authorities?.map((one) => (
          <Certificate key={one.fingerprint256} certificate={one} />
        ))}
        isChanged={authorities !== undefined}
        onChange={(act) =>
          onChange({ ...draft, authorities: { keep: undefined, remove: null, set: '' }[act] })
        }
      >
        {typeof authorities === 'string' && (
          <PemField
            label="Certificates of the authorities"
            hint="PEM text of 1 to 10 certificates. The receiver's own certificate may stand here as well."
            error={problem(authorities, '/tls/authorities')}
            value={authorities}
            onChange={(text) => onChange({ ...draft, authorities: text })}
          />
        )}
      </SettablePart>
    </>
  );
}
