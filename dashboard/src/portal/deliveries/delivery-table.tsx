import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { causeOf } from '../../delivery/causes.ts';
import { useRowKeys } from '../../kit/keys.ts';
import table from '../../kit/lists/table.module.css';
import { StateOf } from '../../kit/status/state.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { project } from '../address.ts';
import { stateWord } from '../words.ts';

type DeliveryTableProps = { deliveries: Delivery[]; isOfOneEndpoint?: boolean };

export function DeliveryTable({ deliveries, isOfOneEndpoint = false }: DeliveryTableProps) {
  const { data: endpoints } = useQuery({ ...endpointsQuery(project, {}), enabled: !isOfOneEndpoint });
  const urls = new Map(endpoints?.items.map(({ id, url }) => [id, url]));
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Event</th>
          {!isOfOneEndpoint && <th scope="col">Endpoint</th>}
          <th scope="col">State</th>
          <th scope="col">Your server</th>
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
            <td data-label="Event" className={table.strong}>
              <span>
                <Link to="/deliveries/$delivery" params={{ delivery: delivery.id }}>
                  {delivery.eventType}
                </Link>
                {delivery.test && <span className={table.muted}> test</span>}
              </span>
            </td>
            {!isOfOneEndpoint && (
              <td data-label="Endpoint">
                {delivery.endpoint === null ? (
                  <span className={table.muted}>its own address</span>
                ) : (
                  <Link to="/endpoints/$endpoint" params={{ endpoint: delivery.endpoint }}>
                    {shortUrl(urls.get(delivery.endpoint) ?? delivery.endpoint)}
                  </Link>
                )}
              </td>
            )}
            <td data-label="State">
              <StateOf status={delivery.status} word={stateWord(delivery.status)} />
            </td>
            <td data-label="Your server">
              {delivery.lastOutcome === null ? (
                <span className={table.muted}>not asked yet</span>
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
