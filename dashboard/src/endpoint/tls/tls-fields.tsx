import { type ReactNode, useEffect, useRef } from 'react';
import type { EndpointTlsSummary } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Certificate } from './certificate.tsx';
import { PemField } from './pem-field.tsx';
import css from './tls.module.css';
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
      <Part
        title="Client certificate"
        about="Shown to a receiver that asks for one (mutual TLS)."
        what="a client certificate"
        removed="The receiver then gets no certificate."
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
      </Part>
      <Part
        title="Authorities"
        about="The only ones whose certificates the endpoint trusts. Without them it trusts the public ones."
        what="authorities"
        removed="The receiver then needs a certificate of a public authority."
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
      </Part>
    </>
  );
}

type PartProps = {
  title: string;
  about: string;
  /** What its first button sets. */
  what: string;
  /** What follows from its removal. */
  removed: string;
  present: ReactNode;
  isChanged: boolean;
  onChange: (act: 'set' | 'remove' | 'keep') => void;
  /** The fields, while it is set anew. */
  children: ReactNode;
};

/** One of the two, in one of three states: as it is, set anew, or removed. */
function Part({ title, about, what, removed, present, isChanged, onChange, children }: PartProps) {
  const group = useRef<HTMLFieldSetElement>(null);
  const wasPressed = useRef(false);
  const isSet = Boolean(children);
  const the = `the ${title.toLowerCase()}`;
  // The button that had the focus is gone.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the state
  useEffect(() => {
    if (wasPressed.current) group.current?.querySelector<HTMLElement>('textarea, button')?.focus();
    wasPressed.current = false;
  }, [isChanged, isSet]);
  const act = (name: 'set' | 'remove' | 'keep') => (): void => {
    wasPressed.current = true;
    onChange(name);
  };
  return (
    <fieldset ref={group} className={css.part}>
      <legend>{title}</legend>
      <p className={css.note}>{about}</p>
      {!isChanged && present}
      {children}
      {isChanged && !isSet && <p>It is removed when you save. {removed}</p>}
      <div className={css.buttons}>
        {!isChanged && !present && (
          <Button icon="plus" onClick={act('set')}>
            {`Set ${what}`}
          </Button>
        )}
        {!isChanged && present && (
          <>
            <Button onClick={act('set')}>{`Replace ${the}`}</Button>
            <Button onClick={act('remove')}>{`Remove ${the}`}</Button>
          </>
        )}
        {isChanged && (
          <Button onClick={act('keep')}>{present ? `Keep ${the} as before` : `Do not set ${what}`}</Button>
        )}
      </div>
    </fieldset>
  );
}
