import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
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
    <Dialog title={`Delete ${type}?`} onClose={onClose}>
      <p>
        Its description, schema and example are lost. If the profile has a type of this name, the profile's
        applies again. Endpoints keep their subscriptions, and events of the type are still accepted.
      </p>
      {remove.error && <Problem error={remove.error} />}
      <DialogActions>
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
          Delete the type
        </Button>
      </DialogActions>
    </Dialog>
  );
}
