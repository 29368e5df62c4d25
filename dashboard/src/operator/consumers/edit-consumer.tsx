import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Consumer } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { errorAt } from '../../api/problem.tsx';
import { projectQuery } from '../../api/queries.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { tell } from '../../kit/status/toast.tsx';

type EditConsumerProps = {
  project: string;
  /** Without it, a new one is made. */
  consumer?: Consumer;
  onClose: () => void;
};

export function EditConsumer({ project, consumer, onClose }: EditConsumerProps) {
  const [id, setId] = useState(consumer?.id ?? '');
  const [name, setName] = useState(consumer?.name ?? '');
  const [plan, setPlan] = useState(consumer?.plan ?? '');
  const { data: settings } = useQuery(projectQuery(project));
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const save = useMutation({
    mutationFn: () =>
      clientOf(project).consumers.put(id.trim(), {
        ...(name.trim() !== '' && { name: name.trim() }),
        ...(plan.trim() !== '' && { plan: plan.trim() }),
      }),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: [project] });
      tell('Saved.');
      onClose();
      if (!consumer)
        await navigate({
          to: '/p/$project/consumers/$consumer',
          params: { project, consumer: saved.id },
          search: {},
        });
    },
  });
  const plans = settings?.plans;
  return (
    <CallDialog
      title={consumer ? 'Name and plan' : 'New consumer'}
      call={save}
      label="Save"
      onClose={onClose}
    >
      {!consumer && (
        <TextField label="Id" hint="Your own id of the customer." required value={id} onChange={setId} />
      )}
      <TextField label="Name" error={errorAt(save.error, '/name')} value={name} onChange={setName} />
      <TextField
        label="Plan"
        hint={
          plans
            ? `Webhooks are in ${plans.join(', ') || 'no plan'}. With another plan, deliveries are held until the plan includes them.`
            : 'Where the project limits webhooks to some plans, the plan decides whether deliveries are sent or held.'
        }
        error={errorAt(save.error, '/plan')}
        value={plan}
        onChange={setPlan}
      />
    </CallDialog>
  );
}
