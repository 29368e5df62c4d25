import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import type { Attempt, Delivery, DeliveryDetails, Event } from '../../../../sdk/typescript/src/models.ts';
import { useOutcomes } from '../../api/outcomes.ts';
import { attemptsQuery, deliveryQuery, endpointQuery, eventQuery } from '../../api/queries.ts';
import { isOpen, type Lane } from '../../delivery/lane.ts';
import { useThrottled } from '../../kit/time/throttled.ts';

/** As many lanes as can be read together; more deliveries are a list. */
const MAX_LANES = 12;
const OPEN_REFETCH_MS = 5_000;
/** However many outcomes come: an event may have thousands of deliveries. */
const MIN_REFRESH_MS = 2_000;

/** Changes with each attempt, and when a delivery is held, released or settles. */
const versionOf = ({ attempts, status, waitingFor }: Delivery): string =>
  `${attempts} ${status} ${waitingFor}`;

/** The delivery that a reader most likely came for. */
function mostUrgent(deliveries: Delivery[]): Delivery | undefined {
  const first = (status: string): Delivery | undefined =>
    deliveries.find((delivery) => delivery.status === status && delivery.replayedBy === null);
  return (
    first('undeliverable') ?? first('retrying') ?? first('held') ?? first('pending') ?? deliveries.at(-1)
  );
}

function lanesOf(event: Event, selected: Delivery | undefined): Delivery[] {
  const shown = event.deliveries.slice(0, MAX_LANES);
  return selected && !shown.includes(selected) ? [...shown.slice(0, MAX_LANES - 1), selected] : shown;
}

/** The event with its deliveries and attempts, kept up to date while any delivery is open. */
export function useEvent(project: string, id: string, wanted: string | undefined) {
  const event = useQuery({
    ...eventQuery(project, id),
    refetchInterval: ({ state }) => (state.data?.deliveries.some(isOpen) ? OPEN_REFETCH_MS : false),
  });
  const inEvent = event.data?.deliveries ?? [];
  const isBeyond = wanted !== undefined && event.data !== undefined && !inEvent.some((d) => d.id === wanted);
  const beyond = useQuery({
    ...deliveryQuery(project, wanted ?? ''),
    enabled: isBeyond,
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? OPEN_REFETCH_MS : false),
  });
  const selected = isBeyond ? beyond.data : (inEvent.find((d) => d.id === wanted) ?? mostUrgent(inEvent));
  const shown = event.data ? lanesOf(event.data, selected) : [];

  const attempts = useQueries({
    queries: shown.map((delivery) => ({
      ...attemptsQuery(project, delivery.id, `${delivery.attempts} ${delivery.status}`),
      placeholderData: (old: Attempt[] | undefined) => old,
    })),
  });
  const details = useQueries({
    queries: shown.map((delivery) => ({
      ...deliveryQuery(project, delivery.id, versionOf(delivery)),
      enabled: isOpen(delivery) || delivery.id === selected?.id,
      // Never those of another delivery.
      placeholderData: (old: DeliveryDetails | undefined, before?: { queryKey: readonly unknown[] }) =>
        before?.queryKey[2] === delivery.id ? old : undefined,
    })),
  });
  const ids = [...new Set(shown.flatMap(({ endpoint }) => endpoint ?? []))];
  const endpoints = useQueries({ queries: ids.map((endpoint) => endpointQuery(project, endpoint)) });

  const queryClient = useQueryClient();
  const refresh = (): void => {
    void queryClient.invalidateQueries({ queryKey: [project, 'event', id] });
    for (const { id: delivery } of shown)
      void queryClient.invalidateQueries({ queryKey: [project, 'delivery', delivery] });
  };
  // The deliveries that have changed are asked for by their new versions.
  const refreshEvent = useThrottled(
    () => void queryClient.invalidateQueries({ queryKey: [project, 'event', id] }),
    MIN_REFRESH_MS,
  );
  useOutcomes(
    project,
    (outcome) => {
      if (outcome.event === id) refreshEvent();
    },
    inEvent.some(isOpen),
  );

  const endpointOf = useMemo(
    () => new Map(endpoints.flatMap(({ data }) => (data ? [[data.id, data] as const] : []))),
    [endpoints],
  );
  const lanes: Lane[] = shown.map((delivery, index) => ({
    delivery,
    attempts: [...(attempts[index]?.data ?? [])].reverse(),
    details: details[index]?.data,
    endpoint: delivery.endpoint === null ? undefined : endpointOf.get(delivery.endpoint),
  }));
  const index = shown.findIndex(({ id: delivery }) => delivery === selected?.id);
  const isPending =
    event.isPending ||
    (isBeyond && beyond.isPending) ||
    (index >= 0 && (attempts[index]!.isPending || details[index]!.isPending));
  const wasShown = useRef('');
  if (!isPending) wasShown.current = id;
  return {
    event,
    lanes,
    selected: lanes[index],
    /** At first, what is below would move. Later, another delivery takes the place of the one before. */
    isPending: isPending && wasShown.current !== id,
    refresh,
  };
}
