import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { clientOf } from '../../api/client.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { tell } from '../../kit/status/toast.tsx';

type DeleteTypeProps = { project: string; type: string; onClose: () => void };

export function DeleteType({ project, type, onClose }: DeleteTypeProps) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => clientOf(project).eventTypes.delete(type),
    onSuccess: async () => {
      tell('Deleted.');
      await navigate({ to: '/p/$project/event-types', params: { project }, search: {} });
      await queryClient.invalidateQueries({ queryKey: [project, 'event-types'] });
    },
  });
  return (
    <CallDialog
      title={`Delete ${type}?`}
      call={remove}
      label="Delete the type"
      icon="trash"
      kind="danger"
      cancel="Keep it"
      onClose={onClose}
    >
      <p>
        Its description, schema and example are lost. If the profile has a type of this name, the profile's
        applies again. Endpoints keep their subscriptions, and events of the type are still accepted.
      </p>
    </CallDialog>
  );
}
