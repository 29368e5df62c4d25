import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { clientOf } from '../../api/client.ts';
import { tell } from '../../kit/status/toast.tsx';

/** Sends an event to one more endpoint, and shows the new delivery. */
export function useDeliverTo(project: string, event: string, onDone: () => void) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (endpoint: string) => clientOf(project).events.deliverTo(event, endpoint),
    onSuccess: async (delivery) => {
      onDone();
      tell('Sent as a new delivery.');
      await navigate({ to: '.', search: { delivery: delivery.id }, resetScroll: false });
    },
  });
}
