import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { DeliveryState } from '../../delivery/delivery-state.tsx';
import { DeliveryTable as Table } from '../../delivery/delivery-table.tsx';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { TypeText, UrlText } from '../../kit/text/wrapping.tsx';

const WORDS = {
  event: 'Type',
  answer: 'Last answer',
  ownTarget: 'its own target',
  noAnswer: 'none',
};

type DeliveryTableProps = { project: string; deliveries: Delivery[]; isOfOneEndpoint?: boolean };

export function DeliveryTable({ project, deliveries, isOfOneEndpoint = false }: DeliveryTableProps) {
  const { data: endpoints, isPending } = useQuery(endpointsQuery(project, {}));
  // With other names the columns would move.
  if (isPending && !isOfOneEndpoint) return <SkeletonRows rows={deliveries.length} />;
  const endpointLink = (endpoint: string, url: string) => (
    <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint }}>
      <UrlText url={url} />
    </Link>
  );
  return (
    <Table
      deliveries={deliveries}
      words={WORDS}
      urls={new Map(endpoints?.items.map(({ id, url }) => [id, url]))}
      endpoint={isOfOneEndpoint ? undefined : endpointLink}
      event={({ id, event, eventType }) => (
        <Link to="/p/$project/events/$event" params={{ project, event }} search={{ delivery: id }}>
          <TypeText type={eventType} />
        </Link>
      )}
      state={(delivery) => (
        <span>
          <DeliveryState delivery={delivery} /> <Resent project={project} delivery={delivery} />
        </span>
      )}
    />
  );
}

/** The delivery that was made of a failure, or that it was made of. */
function Resent({ project, delivery }: { project: string; delivery: Delivery }) {
  const { event, replayedBy, replayOf } = delivery;
  const other = replayedBy ?? replayOf;
  if (other === null) return null;
  return (
    <Link
      to="/p/$project/events/$event"
      params={{ project, event }}
      search={{ delivery: other }}
      className={table.nowrap}
    >
      {`${replayedBy === null ? 'resend of' : 'as'} …${other.slice(-4)}`}
    </Link>
  );
}
