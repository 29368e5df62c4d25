import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { deliveriesQuery, type ListRange } from '../../api/queries.ts';
import { useRefetchTogether } from '../../api/refetch-together.ts';
import { timelineQuery } from '../../api/statistics-queries.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Columns, Empty, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldRows } from '../../kit/lists/held-rows.ts';
import { keepRange } from '../../kit/time/time-range.ts';
import { timesOf, trafficOf } from '../../statistics/timeline-series.ts';
import { DeliveryTable } from '../deliveries/delivery-table.tsx';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { useZoom } from '../frame/range/use-zoom.ts';
import { EndpointFigures } from './endpoint-figures.tsx';
import { WaitingDeliveries } from './waiting-deliveries.tsx';

const REFETCH_MS = 15_000;
const REFETCHED = ['timeline', 'endpoint-figures', 'backlog'] as const;
const LATEST = 10;

export function EndpointOverview({ project, endpoint }: { project: string; endpoint: Endpoint }) {
  const search = useSearch({ strict: false });
  const range: ListRange = { range: keepRange(search), fallback: defaultRange() };
  const zoom = useZoom();
  const timeline = useQuery({
    ...timelineQuery(project, range, { endpoint: endpoint.id }),
    placeholderData: (old) => old,
  });
  useRefetchTogether(project, REFETCHED, REFETCH_MS);
  return (
    <>
      {timeline.error && <Problem error={timeline.error} />}
      <EndpointFigures project={project} endpoint={endpoint.id} range={range} timeline={timeline.data} />
      <Columns>
        <TimeChart
          kind="bars"
          title="Attempts by outcome"
          data={timeline.data && trafficOf(timeline.data)}
          onZoom={zoom}
        />
        <TimeChart
          kind="lines"
          title="Response time"
          data={timeline.data && timesOf(timeline.data)}
          onZoom={zoom}
        />
      </Columns>
      <WaitingDeliveries project={project} endpoint={endpoint} />
      <LatestDeliveries project={project} endpoint={endpoint.id} />
    </>
  );
}

function LatestDeliveries({ project, endpoint }: { project: string; endpoint: string }) {
  const latest = useInfiniteQuery({
    ...deliveriesQuery(project, { endpoint, limit: LATEST }),
    refetchInterval: 5_000,
  });
  const { rows: deliveries } = useHeldRows(latest.data?.pages[0]?.items ?? [], endpoint);
  return (
    <Panel
      title="Latest deliveries"
      aside={
        <Link to="/p/$project/endpoints/$endpoint/$tab" params={{ project, endpoint, tab: 'deliveries' }}>
          All deliveries
        </Link>
      }
    >
      {latest.error && <Problem error={latest.error} />}
      {latest.isPending && <SkeletonRows rows={6} />}
      {latest.data && deliveries.length === 0 && (
        <Empty icon="inbox" title="It has received nothing yet">
          <p>Test it: it gets an example event, and you see what it answers.</p>
        </Empty>
      )}
      {deliveries.length > 0 && <DeliveryTable project={project} deliveries={deliveries} isOfOneEndpoint />}
    </Panel>
  );
}
