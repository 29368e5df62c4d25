import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../../api/client.ts';
import { errorAt } from '../../api/problem.tsx';
import { keysQuery } from '../../api/queries.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { ShownOnce } from '../../kit/dialogs/shown-once.tsx';
import { Check } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';

export function NewKey({ project, onClose }: { project: string; onClose: () => void }) {
  const [consumer, setConsumer] = useState('');
  const [name, setName] = useState('');
  const [readOnly, setReadOnly] = useState(false);
  const queryClient = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      clientOf(project).keys.create({
        ...(consumer !== '' && { consumer }),
        ...(name !== '' && { name }),
        ...(readOnly && { access: 'read' as const }),
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keysQuery(project).queryKey }),
  });
  if (create.data) {
    return (
      <ShownOnce title="The key is made" secret={create.data.key} what="the key" onClose={onClose}>
        <p>It is shown now, and never again.</p>
      </ShownOnce>
    );
  }
  return (
    <CallDialog title="New key" call={create} label="Make the key" onClose={onClose}>
      <TextField
        label="Name"
        hint="What it is for."
        error={errorAt(create.error, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField
        label="Consumer"
        hint="Empty: a key of the whole project. Else one that sees this consumer alone."
        error={errorAt(create.error, '/consumer')}
        value={consumer}
        onChange={setConsumer}
      />
      <Check label="Read only: it changes nothing" checked={readOnly} onChange={setReadOnly} />
    </CallDialog>
  );
}
