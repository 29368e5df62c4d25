import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ListDeliveriesQuery } from '../../../../sdk/typescript/src/models.ts';
import filters from '../../kit/filters/filters.module.css';
import { DeliveryList } from '../deliveries/delivery-list.tsx';
import { StateFilter } from '../deliveries/state-filter.tsx';

/** The deliveries of one endpoint in the time range. */
export function EndpointDeliveries({ project, endpoint }: { project: string; endpoint: string }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter: ListDeliveriesQuery = { endpoint, ...(search.status && { status: search.status }) };
  return (
    <>
      <div className={filters.filters}>
        <StateFilter
          value={search.status}
          onChange={(status) =>
            void navigate({ to: '.', search: (old: object) => ({ ...old, status }), resetScroll: false })
          }
        />
      </div>
      <DeliveryList project={project} filter={filter} range={search} isOfOneEndpoint />
    </>
  );
}
