import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import type { ListDeliveriesQuery } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { deliveriesQuery } from '../../api/queries.ts';
import { Empty, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { More } from '../../kit/lists/more.tsx';
import { SearchOn } from '../../kit/lists/search-on.tsx';
import { keepRange, type TimeRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { DeliveryTable } from './delivery-table.tsx';

type DeliveryListProps = {
  project: string;
  filter: ListDeliveriesQuery;
  /** Left out: at all times. */
  range?: TimeRange;
  isOfOneEndpoint?: boolean;
};

/** The deliveries that fit, page by page. */
export function DeliveryList({ project, filter, range, isOfOneEndpoint = false }: DeliveryListProps) {
  const queryClient = useQueryClient();
  const options = deliveriesQuery(
    project,
    filter,
    range && { range: keepRange(range), fallback: defaultRange() },
  );
  const query = useInfiniteQuery({ ...options, placeholderData: (old) => old });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const isSearch = query.data?.pages[0]?.complete !== undefined;
  return (
    <>
      {query.error && <Problem error={query.error} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={12} />}
        {query.data && rows.length === 0 && !query.hasNextPage && (
          <Empty icon="search" title="No delivery fits">
            <p>Choose a longer time range, or drop a filter.</p>
          </Empty>
        )}
        {rows.length > 0 && (
          <DeliveryTable project={project} deliveries={rows} isOfOneEndpoint={isOfOneEndpoint} />
        )}
        {isSearch ? (
          <SearchOn
            key={JSON.stringify(options.queryKey)}
            query={query}
            found={rows.length}
            onStop={() => void queryClient.cancelQueries({ queryKey: options.queryKey })}
          />
        ) : (
          <More key={JSON.stringify(options.queryKey)} query={query} what="deliveries" found={rows.length} />
        )}
      </Panel>
    </>
  );
}
