import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { causeOf } from '../../delivery/causes.ts';
import { useRowKeys } from '../../kit/keys.ts';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { StateOf } from '../../kit/status/state.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { Moment } from '../../kit/time/moment.tsx';

type DeliveryTableProps = { project: string; deliveries: Delivery[]; isOfOneEndpoint?: boolean };

export function DeliveryTable({ project, deliveries, isOfOneEndpoint = false }: DeliveryTableProps) {
  const { data: endpoints, isPending } = useQuery(endpointsQuery(project, {}));
  const urls = new Map(endpoints?.items.map(({ id, url }) => [id, url]));
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  // With other names the columns would move.
  if (isPending && !isOfOneEndpoint) return <SkeletonRows rows={deliveries.length} />;
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Type</th>
          {!isOfOneEndpoint && <th scope="col">Endpoint</th>}
          <th scope="col">State</th>
          <th scope="col">Last answer</th>
          <th scope="col" className={table.number}>
            Attempts
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td data-label="Time" className={table.nowrap}>
              <Moment at={delivery.createdAt} />
            </td>
            <td data-label="Type" className={table.strong}>
              <Link
                to="/p/$project/events/$event"
                params={{ project, event: delivery.event }}
                search={{ delivery: delivery.id }}
              >
                {delivery.eventType}
              </Link>
            </td>
            {!isOfOneEndpoint && (
              <td data-label="Endpoint">
                {delivery.endpoint === null ? (
                  <span className={table.muted}>its own target</span>
                ) : (
                  <Link
                    to="/p/$project/endpoints/$endpoint"
                    params={{ project, endpoint: delivery.endpoint }}
                  >
                    {shortUrl(urls.get(delivery.endpoint) ?? delivery.endpoint)}
                  </Link>
                )}
              </td>
            )}
            <td data-label="State">
              <StateOf status={delivery.status} /> <Resent project={project} delivery={delivery} />
            </td>
            <td data-label="Last answer">
              {delivery.lastOutcome === null ? (
                <span className={table.muted}>none yet</span>
              ) : (
                causeOf({ outcome: delivery.lastOutcome, statusCode: delivery.lastStatusCode })
              )}
            </td>
            <td data-label="Attempts" className={table.number}>
              {delivery.attempts}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A failure that was sent again is no longer to be looked at. */
function Resent({
  project,
  delivery: { event, replayedBy, replayOf },
}: {
  project: string;
  delivery: Delivery;
}) {
  const other = replayedBy ?? replayOf;
  if (other === null) return null;
  return (
    <Link to="/p/$project/events/$event" params={{ project, event }} search={{ delivery: other }}>
      {replayedBy === null ? 'resend of' : 'resent'}
      {replayedBy === null && ` …${other.slice(-4)}`}
    </Link>
  );
}
