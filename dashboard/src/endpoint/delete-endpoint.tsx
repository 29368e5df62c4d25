import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../../../sdk/typescript/src/models.ts';
import { clientOf } from '../api/client.ts';
import { Problem } from '../api/problem.tsx';
import { backlogQuery } from '../api/statistics-queries.ts';
import { Button } from '../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../kit/dialogs/dialog.tsx';
import { TextField } from '../kit/fields/text-field.tsx';
import { tell } from '../kit/status/toast.tsx';
import { openOf } from './open-deliveries.ts';

type DeleteEndpointProps = {
  project: string;
  endpoint: Endpoint;
  onClose: () => void;
  onDeleted: () => Promise<void>;
};

/** Asks for the host of its URL, which a listener does not have, so that no slip deletes it. */
export function DeleteEndpoint({ project, endpoint, onClose, onDeleted }: DeleteEndpointProps) {
  const [typed, setTyped] = useState('');
  const host = new URL(endpoint.url).host || endpoint.url;
  const { data: backlog } = useQuery(backlogQuery(project));
  const open = openOf(backlog, endpoint.id);
  const remove = useMutation({
    mutationFn: () => clientOf(project).endpoints.delete(endpoint.id),
    onSuccess: async () => {
      tell('Deleted.');
      await onDeleted();
    },
  });
  return (
    <Dialog title="Delete this endpoint?" onClose={onClose}>
      <p>
        {open?.isExact && open.count > 0 ? (
          <>
            Its <strong>{open.count.toLocaleString()}</strong> open{' '}
            {open.count === 1 ? 'delivery is' : 'deliveries are'} cancelled.
          </>
        ) : (
          'Open deliveries are cancelled.'
        )}{' '}
        Its secret is removed, and new events do not go to it. What it received stays in the list of
        deliveries.
      </p>
      {remove.error && <Problem error={remove.error} />}
      <TextField
        label={`Type ${host} to delete it`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={setTyped}
      />
      <DialogActions>
        <Button onClick={onClose}>Keep it</Button>
        <Button
          kind="danger"
          icon="trash"
          busy={remove.isPending}
          disabled={typed !== host}
          onClick={() => remove.mutate()}
        >
          Delete the endpoint
        </Button>
      </DialogActions>
    </Dialog>
  );
}
