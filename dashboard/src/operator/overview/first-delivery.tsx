import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import { attemptsQuery, eventQuery } from '../../api/queries.ts';
import { adviceOf, causeOf } from '../../delivery/causes.ts';
import { StateOf } from '../../kit/status/state.tsx';
import { duration } from '../../kit/time/time.ts';

const LOOK_EVERY_MS = 1_000;

export function useFirstDelivery(project: string, event: string | undefined) {
  const { data } = useQuery({
    ...eventQuery(project, event ?? ''),
    enabled: event !== undefined,
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? LOOK_EVERY_MS : false),
  });
  const { deliveries = [] } = data ?? {};
  return { event: data, delivery: deliveries.find(({ status }) => status === 'delivered') ?? deliveries[0] };
}

type FirstDeliveryProps = { project: string } & ReturnType<typeof useFirstDelivery>;

/** What became of the first event. */
export function FirstDelivery({ project, event, delivery }: FirstDeliveryProps) {
  if (!event) return <p>Looking …</p>;
  const link = (
    <Link to="/p/$project/events/$event" params={{ project, event: event.id }} search={{}}>
      See the request and the response
    </Link>
  );
  if (!delivery)
    return (
      <p>
        <StateOf status={event.status} /> No endpoint subscribed to <code>{event.type}</code> when it came.{' '}
        {link}
      </p>
    );
  return (
    <>
      <p>
        <StateOf status={delivery.status} /> <LastAttempt project={project} delivery={delivery} />
      </p>
      <p>{link}</p>
    </>
  );
}

function LastAttempt({ project, delivery }: { project: string; delivery: Delivery }) {
  const version = `${delivery.status} ${delivery.attempts}`;
  const { data } = useQuery({
    ...attemptsQuery(project, delivery.id, version),
    enabled: delivery.attempts > 0,
  });
  const attempt = data?.[0];
  if (!attempt) return delivery.status === 'held' ? 'It waits for its endpoint.' : 'On its way.';
  const advice = attempt.outcome === 'delivered' ? undefined : adviceOf(attempt);
  return `Attempt ${attempt.number}: ${causeOf(attempt)} after ${duration(attempt.durationMs)}.${advice ? ` ${advice}` : ''}`;
}
