import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { EndpointFields, membersOf } from '../endpoints/endpoint-fields.tsx';
import { draftOf, LimitFields, limitsOf } from '../endpoints/limit-fields.tsx';

type EditEndpointProps = {
  project: string;
  endpoint: Endpoint;
  onClose: () => void;
  onChange: () => Promise<void>;
};

export function EditEndpoint({ project, endpoint, onClose, onChange }: EditEndpointProps) {
  const [draft, setDraft] = useState({
    url: endpoint.url,
    events: endpoint.events.join(', '),
    description: endpoint.description ?? '',
  });
  const [limits, setLimits] = useState(() => draftOf(endpoint));
  const save = useMutation({
    mutationFn: () =>
      clientOf(project).endpoints.update(endpoint.id, {
        ...membersOf(draft),
        ...limitsOf(limits),
        description: draft.description === '' ? null : draft.description,
      }),
    onSuccess: async () => {
      tell('Saved.');
      onClose();
      await onChange();
    },
  });
  return (
    <Dialog title="Edit the endpoint" onClose={onClose}>
      {save.error && <Problem error={save.error} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <EndpointFields project={project} draft={draft} onChange={setDraft} error={save.error} exists />
        <LimitFields draft={limits} onChange={setLimits} error={save.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
