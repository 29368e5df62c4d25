import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { eventSummaryQuery } from '../../api/queries.ts';
import filters from '../../kit/filters/filters.module.css';
import { Figures } from '../../kit/layout/figures.tsx';
import { DeliveryList } from '../deliveries/delivery-list.tsx';
import { StateFilter } from '../deliveries/state-filter.tsx';

/** More deliveries than lanes can be read: their counts, and a list that can be filtered. */
export function ManyDeliveries({ project, event }: { project: string; event: Event }) {
  const [status, setStatus] = useState<string>();
  const { data } = useQuery({ ...eventSummaryQuery(project, event), refetchInterval: 5_000 });
  const counts = [
    ['Delivered', data?.deliveredCount],
    ['Open', data?.openCount],
    ['Undeliverable', data?.undeliverableCount],
    ['Cancelled', data?.cancelledCount],
  ] as const;
  return (
    <>
      <Figures figures={counts.map(([name, n]) => ({ name, value: n?.toLocaleString() }))} hasNotes={false} />
      <div className={filters.filters}>
        <StateFilter value={status} onChange={setStatus} />
      </div>
      <DeliveryList project={project} filter={{ event: event.id, ...(status && { status }) }} />
    </>
  );
}
