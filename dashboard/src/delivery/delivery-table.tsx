import { type ReactNode, useRef } from 'react';
import type { Delivery } from '../../../sdk/typescript/src/models.ts';
import { useRowKeys } from '../kit/keys.ts';
import table from '../kit/lists/table.module.css';
import { shortUrl } from '../kit/text/short-url.ts';
import { Moment } from '../kit/time/moment.tsx';
import { causeOf } from './causes.ts';

export type DeliveryTableWords = {
  event: string;
  answer: string;
  /** Where there is no endpoint. */
  ownTarget: string;
  /** Where no attempt was made. */
  noAnswer: string;
};

type DeliveryTableProps = {
  deliveries: Delivery[];
  words: DeliveryTableWords;
  /** Links to the event, or to what happened to the delivery. */
  event: (delivery: Delivery) => ReactNode;
  state: (delivery: Delivery) => ReactNode;
  /** Links to an endpoint; without it, all are of one. */
  endpoint?: ((id: string, url: string) => ReactNode) | undefined;
  /** The endpoints that are known, by their ids. */
  urls: ReadonlyMap<string, string>;
};

/** Deliveries with their state and what their receiver answered last. */
export function DeliveryTable({ deliveries, words, event, state, endpoint, urls }: DeliveryTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">{words.event}</th>
          {endpoint && <th scope="col">Endpoint</th>}
          <th scope="col">State</th>
          <th scope="col">{words.answer}</th>
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
            <td data-label={words.event} className={table.strong}>
              {event(delivery)}
            </td>
            {endpoint && (
              <td data-label="Endpoint">
                {delivery.endpoint === null ? (
                  <span className={table.muted}>{words.ownTarget}</span>
                ) : (
                  endpoint(delivery.endpoint, shortUrl(urls.get(delivery.endpoint) ?? delivery.endpoint))
                )}
              </td>
            )}
            <td data-label="State">{state(delivery)}</td>
            <td data-label={words.answer}>
              <Answer delivery={delivery} none={words.noAnswer} />
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

function Answer({ delivery, none }: { delivery: Delivery; none: string }) {
  const { lastOutcome, lastStatusCode, lastErrorCode } = delivery;
  if (lastOutcome === null) return <span className={table.muted}>{none}</span>;
  return causeOf({ outcome: lastOutcome, statusCode: lastStatusCode, errorCode: lastErrorCode });
}
