import { useQuery } from '@tanstack/react-query';
import { timelineQuery } from '../../api/statistics-queries.ts';
import { ChartSkeleton } from '../../charts/chart-skeleton.tsx';
import { TimeBars } from '../../charts/time-bars.tsx';
import { trafficOf } from '../../statistics/timeline-series.ts';
import { project } from '../address.ts';

const DAY = { range: { range: '24h' }, fallback: '24h' } as const;

/** The requests to an endpoint over a day, by what became of them. */
export function Requests({ title, endpoint }: { title: string; endpoint: string }) {
  const { data } = useQuery({
    ...timelineQuery(project, DAY, { endpoint }),
    refetchInterval: 15_000,
    placeholderData: (old) => old,
  });
  return data ? <TimeBars title={title} data={trafficOf(data)} /> : <ChartSkeleton title={title} />;
}
