import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../../../sdk/typescript/src/models.ts';
import { clientOf } from '../api/client.ts';
import { backlogQuery } from '../api/statistics-queries.ts';
import { CallDialog } from '../frame/call-dialog.tsx';
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
    <CallDialog
      title="Delete this endpoint?"
      call={remove}
      label="Delete the endpoint"
      icon="trash"
      kind="danger"
      disabled={typed !== host}
      cancel="Keep it"
      onClose={onClose}
    >
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
      <TextField
        label={`Type ${host} to delete it`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={setTyped}
      />
    </CallDialog>
  );
}
