import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { CreatedEndpoint } from '../../../../../sdk/typescript/src/models.ts';
import { exactProfileQuery } from '../../../api/catalogue-queries.ts';
import { clientOf } from '../../../api/client.ts';
import { errorAt } from '../../../api/problem.tsx';
import { projectQuery } from '../../../api/queries.ts';
import { Dialog } from '../../../kit/dialogs/dialog.tsx';
import { ShownOnce } from '../../../kit/dialogs/shown-once.tsx';
import { SecretField, TextField } from '../../../kit/fields/text-field.tsx';
import { NEW_DRAFT, newMembersOf } from './endpoint-draft.ts';
import { EndpointForm } from './endpoint-form.tsx';

export function NewEndpoint({ project, onClose }: { project: string; onClose: () => void }) {
  const [made, setMade] = useState<CreatedEndpoint>();
  const navigate = useNavigate();
  if (!made) return <Form project={project} onClose={onClose} onMade={setMade} />;
  const open = (): void => {
    onClose();
    void navigate({ to: '/p/$project/endpoints/$endpoint', params: { project, endpoint: made.id } });
  };
  return (
    <ShownOnce
      title="Endpoint added"
      secret={made.secret}
      what="the secret"
      done="Open the endpoint"
      onClose={open}
    >
      <p>
        {made.secret === undefined
          ? 'It signs with the secret that you gave it.'
          : 'The receiver verifies requests with this secret. It is shown now, and never again.'}
      </p>
    </ShownOnce>
  );
}

type FormProps = { project: string; onClose: () => void; onMade: (made: CreatedEndpoint) => void };

function Form({ project, onClose, onMade }: FormProps) {
  const { data: settings } = useQuery(projectQuery(project));
  const { data: exact } = useQuery(exactProfileQuery(project, settings?.profile ?? '', undefined));
  const [draft, setDraft] = useState(NEW_DRAFT);
  const [consumer, setConsumer] = useState('');
  const [secret, setSecret] = useState('');
  const queryClient = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      clientOf(project).endpoints.create({
        ...newMembersOf(draft),
        ...(consumer !== '' && { consumer }),
        ...(secret !== '' && { secret }),
      }),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: [project, 'endpoints'] });
      onMade(made);
    },
  });
  return (
    <Dialog title="New endpoint" onClose={onClose} wide>
      <EndpointForm
        project={project}
        draft={draft}
        onChange={setDraft}
        error={create.error}
        busy={create.isPending}
        submit="Add the endpoint"
        onSubmit={() => create.mutate()}
        onCancel={onClose}
      >
        <TextField
          label="Consumer"
          hint="The customer whose events it gets. Empty: it gets the events that name no consumer."
          error={errorAt(create.error, '/consumer')}
          value={consumer}
          onChange={setConsumer}
        />
        <SecretField
          label="Secret"
          hint={secretHint(exact?.stored.profile.secret.source, settings?.profile)}
          error={errorAt(create.error, '/secret')}
          value={secret}
          onChange={setSecret}
        />
      </EndpointForm>
    </Dialog>
  );
}

function secretHint(
  source: 'generated' | 'either' | 'provided' | undefined,
  profile: string | undefined,
): string {
  if (source === 'provided') return `The profile ${profile} asks for yours.`;
  if (source === 'generated') return `Leave it empty: with the profile ${profile}, Posthorn makes it.`;
  return 'Empty: Posthorn makes one.';
}
