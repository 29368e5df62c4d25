import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { clientOf } from '../../api/client.ts';
import { errorAt } from '../../api/problem.tsx';
import { projectsQuery } from '../../api/queries.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { ShownOnce } from '../../kit/dialogs/shown-once.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';

export function NewProject({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [profile, setProfile] = useState('');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () =>
      clientOf().projects.create({ name, ...(profile.trim() !== '' && { profile: profile.trim() }) }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: projectsQuery.queryKey }),
  });
  const made = create.data;
  if (made) {
    return (
      <ShownOnce
        title={`Project ${made.name}`}
        secret={made.key}
        what="the key"
        done="Open the project"
        onClose={() => {
          onClose();
          void navigate({ to: '/p/$project', params: { project: made.id } });
        }}
      >
        <p>This is the key of the project. It is shown now, and never again.</p>
      </ShownOnce>
    );
  }
  return (
    <CallDialog title="New project" call={create} label="Make the project" onClose={onClose}>
      <TextField
        label="Name"
        required
        error={errorAt(create.error, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField
        label="Profile"
        hint="The wire format. Empty: standard-webhooks. It can be changed later."
        placeholder="standard-webhooks"
        spellCheck={false}
        error={errorAt(create.error, '/profile')}
        value={profile}
        onChange={setProfile}
      />
    </CallDialog>
  );
}
