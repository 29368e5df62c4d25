import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { useOutcomes } from '../../api/outcomes.ts';
import { attemptsQuery, deliveryQuery, endpointQuery, eventQuery } from '../../api/queries.ts';
import { isOpen, type Lane } from '../../delivery/lane.ts';
import { project } from '../address.ts';

const OPEN_REFETCH_MS = 5_000;

/** A delivery with its event, attempts and endpoint, kept up to date while it is open. */
export function useDelivery(id: string): {
  lane: Lane | undefined;
  event: Event | undefined;
  error: unknown;
  refresh: () => void;
} {
  const queryClient = useQueryClient();
  const delivery = useQuery({
    ...deliveryQuery(project, id),
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? OPEN_REFETCH_MS : false),
  });
  const { event: eventId = '', endpoint: endpointId = null, attempts = 0, status = '' } = delivery.data ?? {};
  const event = useQuery({ ...eventQuery(project, eventId), enabled: eventId !== '' });
  const made = useQuery({
    ...attemptsQuery(project, id, `${attempts} ${status}`),
    // Never the attempts of another delivery.
    placeholderData: (old, before) => (before?.queryKey[2] === id ? old : undefined),
  });
  const endpoint = useQuery({
    ...endpointQuery(project, endpointId ?? ''),
    enabled: endpointId !== null,
  });
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: [project, 'delivery', id] });
  useOutcomes(
    project,
    (outcome) => {
      if (outcome.event === eventId) refresh();
    },
    delivery.data !== undefined && isOpen(delivery.data),
  );
  // All at once: what comes later would move what is being read.
  const isWhole = made.data !== undefined || made.isError;
  const lane: Lane | undefined =
    delivery.data && isWhole
      ? {
          delivery: delivery.data,
          details: delivery.data,
          attempts: [...(made.data ?? [])].reverse(),
          endpoint: endpoint.data,
        }
      : undefined;
  return { lane, event: event.data, error: delivery.error ?? event.error, refresh };
}
