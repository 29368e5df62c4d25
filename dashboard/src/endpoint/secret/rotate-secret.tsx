import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint, Signing } from '../../../../sdk/typescript/src/models.ts';
import { signingQuery } from '../../api/catalogue-queries.ts';
import { clientOf } from '../../api/client.ts';
import { errorAt, Problem } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { ShownOnce } from '../../kit/dialogs/shown-once.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { SecretField } from '../../kit/fields/text-field.tsx';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { secretForm, secretProblem } from './secret-rules.ts';
import { SecretTimes } from './secret-times.tsx';

const OVERLAPS: [value: string, label: string][] = [
  ['0s', 'None: the old one ends at once'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['3d', '3 days'],
  ['7d', '7 days'],
];

type RotateSecretProps = {
  project: string;
  endpoint: Endpoint;
  /** What a receiver does until the old secret has ended; empty if there is no code for it. */
  codeOf: (signing: Signing) => string;
  onClose: () => void;
  onChange?: () => Promise<void>;
};

export function RotateSecret({ project, endpoint, codeOf, onClose, onChange }: RotateSecretProps) {
  const [overlap, setOverlap] = useState('24h');
  const [secret, setSecret] = useState('');
  const [wrong, setWrong] = useState<string>();
  const { data: signing } = useQuery(signingQuery(project));
  const code = signing ? codeOf(signing) : '';
  const rotate = useMutation({
    mutationFn: () =>
      clientOf(project).endpoints.rotateSecret(endpoint.id, { overlap, ...(secret !== '' && { secret }) }),
    onSuccess: () => onChange?.(),
  });
  if (rotate.data) {
    return (
      <ShownOnce
        title="The secret is rotated"
        secret={rotate.data.secret}
        what="the new secret"
        onClose={onClose}
        below={
          <>
            <SecretTimes secrets={rotate.data.secrets} />
            <p>A receiver that accepts both misses nothing{code === '' ? '.' : ':'}</p>
            {code !== '' && <CodeBlock>{code}</CodeBlock>}
          </>
        }
      >
        <p>
          {rotate.data.secret === undefined
            ? 'Requests are signed with the secret that you gave.'
            : 'This is the new secret. It is shown now, and never again.'}
        </p>
      </ShownOnce>
    );
  }
  return (
    <Dialog title="Rotate the secret" onClose={onClose}>
      <SecretTimes secrets={endpoint.secrets} />
      <p>{meanwhile(signing, overlap)}</p>
      {rotate.error && <Problem error={rotate.error} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const found = signing && secret !== '' ? secretProblem(secret, signing.secret) : undefined;
          setWrong(found);
          if (found === undefined) rotate.mutate();
        }}
      >
        <Field label="Overlap" error={errorAt(rotate.error, '/overlap')}>
          {(control) => (
            <select {...control} value={overlap} onChange={(change) => setOverlap(change.target.value)}>
              {OVERLAPS.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {signing?.secret.source !== 'generated' && (
          <SecretField
            label="New secret"
            hint={secretHint(signing)}
            error={wrong ?? errorAt(rotate.error, '/secret')}
            required={signing?.secret.source === 'provided'}
            value={secret}
            onChange={setSecret}
          />
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={rotate.isPending}>
            Rotate it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function meanwhile(signing: Signing | undefined, overlap: string): string {
  if (overlap === '0s')
    return 'Only the new secret signs from now on: a receiver that does not know it yet refuses requests.';
  if (signing?.signature.whileRotating === 'newest')
    return 'Requests carry one signature, by the newest secret: the receiver should accept both before you rotate.';
  return 'Until the overlap ends, each request carries a signature by the old secret and one by the new.';
}

function secretHint(signing: Signing | undefined): string {
  if (!signing) return 'Empty: one is made for you.';
  const form = `Your own has ${secretForm(signing.secret)}.`;
  return signing.secret.source === 'provided' ? form : `Empty: one is made for you. ${form}`;
}
