import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../../api/client.ts';
import { Dialog } from '../../../kit/dialogs/dialog.tsx';
import { tell } from '../../../kit/status/toast.tsx';
import { changesOf, draftOf } from './endpoint-draft.ts';
import { EndpointForm } from './endpoint-form.tsx';

type EditEndpointProps = {
  project: string;
  endpoint: Endpoint;
  onClose: () => void;
  onChange: () => Promise<void>;
};

export function EditEndpoint({ project, endpoint, onClose, onChange }: EditEndpointProps) {
  const [before] = useState(() => draftOf(endpoint));
  const [draft, setDraft] = useState(before);
  const save = useMutation({
    mutationFn: () => clientOf(project).endpoints.update(endpoint.id, changesOf(draft, before)),
    onSuccess: async () => {
      tell('Saved.');
      onClose();
      await onChange();
    },
  });
  return (
    <Dialog title="Edit the endpoint" onClose={onClose} wide>
      <EndpointForm
        project={project}
        endpoint={endpoint}
        draft={draft}
        onChange={setDraft}
        error={save.error}
        busy={save.isPending}
        submit="Save"
        onSubmit={() => save.mutate()}
        onCancel={onClose}
      />
    </Dialog>
  );
}
