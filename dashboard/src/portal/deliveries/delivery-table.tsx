import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { DeliveryState } from '../../delivery/delivery-state.tsx';
import { DeliveryTable as Table } from '../../delivery/delivery-table.tsx';
import table from '../../kit/lists/table.module.css';
import { project } from '../address.ts';
import { STATE_WORDS } from '../words.ts';

const WORDS = {
  event: 'Event',
  answer: 'Your server',
  ownTarget: 'its own address',
  noAnswer: 'not asked yet',
};

type DeliveryTableProps = { deliveries: Delivery[]; isOfOneEndpoint?: boolean };

export function DeliveryTable({ deliveries, isOfOneEndpoint = false }: DeliveryTableProps) {
  const { data: endpoints } = useQuery({ ...endpointsQuery(project, {}), enabled: !isOfOneEndpoint });
  const endpointLink = (endpoint: string, url: string) => (
    <Link to="/endpoints/$endpoint" params={{ endpoint }}>
      {url}
    </Link>
  );
  return (
    <Table
      deliveries={deliveries}
      words={WORDS}
      urls={new Map(endpoints?.items.map(({ id, url }) => [id, url]))}
      endpoint={isOfOneEndpoint ? undefined : endpointLink}
      event={({ id, eventType, test }) => (
        <span>
          <Link to="/deliveries/$delivery" params={{ delivery: id }}>
            {eventType}
          </Link>
          {test && <span className={table.muted}> test</span>}
        </span>
      )}
      state={(delivery) => <DeliveryState delivery={delivery} words={STATE_WORDS} />}
    />
  );
}
