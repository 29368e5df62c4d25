import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { attemptsText, Sparkline } from '../../charts/sparkline.tsx';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { openText } from '../../endpoint/open-deliveries.ts';
import { useRowKeys } from '../../kit/keys.ts';
import { SelectAll, type Selection, SelectRow } from '../../kit/lists/selection.tsx';
import table from '../../kit/lists/table.module.css';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import { shareText } from '../../statistics/timeline-figures.ts';
import type { EndpointRow } from './endpoint-rows.ts';
import css from './endpoints.module.css';

type EndpointTableProps = {
  project: string;
  rows: EndpointRow[];
  /** Undefined: nothing can be selected. */
  selection: Selection | undefined;
  onConsumer: (consumer: string) => void;
};

const TYPES_SHOWN = 3;

export function EndpointTable({ project, rows, selection, onConsumer }: EndpointTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          {selection && <SelectAll selection={selection} all={rows.map(({ endpoint }) => endpoint.id)} />}
          <th scope="col">State</th>
          <th scope="col">URL</th>
          <th scope="col">Consumer</th>
          <th scope="col">Types</th>
          <th scope="col">24 hours</th>
          <th scope="col" className={table.number}>
            Delivered
          </th>
          <th scope="col" className={table.number}>
            p95
          </th>
          <th scope="col" className={table.number}>
            Open
          </th>
          <th scope="col">Last failure</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {rows.map((row) => (
          <tr key={row.endpoint.id}>
            {selection && <SelectRow selection={selection} id={row.endpoint.id} name={row.endpoint.url} />}
            <Cells project={project} row={row} onConsumer={onConsumer} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type CellsProps = { project: string; row: EndpointRow; onConsumer: (consumer: string) => void };

function Cells({ project, row: { endpoint, figures, deliveredShare, open }, onConsumer }: CellsProps) {
  const { id, url, description, consumer, events } = endpoint;
  const p95 = figures?.totals.p95Ms ?? null;
  const lastFailure = figures?.lastFailedAt ?? endpoint.health.lastFailureAt;
  return (
    <>
      <td data-label="State">
        <EndpointState endpoint={endpoint} />
      </td>
      <td data-label="URL" className={`${table.strong} ${css.url}`}>
        <span>
          <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: id }} title={url}>
            <UrlText url={shortUrl(url)} />
          </Link>
          {description && <span className={css.description}>{description}</span>}
        </span>
      </td>
      <td data-label="Consumer">
        {consumer === null ? (
          <span className={table.muted}>none</span>
        ) : (
          <button
            type="button"
            className={table.value}
            title="Show only this consumer"
            onClick={() => onConsumer(consumer)}
          >
            {consumer}
          </button>
        )}
      </td>
      <td data-label="Types" title={events.join(', ')}>
        <span>
          {events.slice(0, TYPES_SHOWN).join(', ')}
          {events.length > TYPES_SHOWN && (
            <span className={table.muted}>{` and ${events.length - TYPES_SHOWN} more`}</span>
          )}
        </span>
      </td>
      <td data-label="24 hours" className={css.sparkline}>
        {figures && (
          <Sparkline
            attempts={figures.attempts}
            failed={figures.failed}
            label={attemptsText(figures.totals)}
          />
        )}
      </td>
      <td data-label="Delivered" className={table.number}>
        {shareText(deliveredShare)}
      </td>
      <td data-label="p95" className={`${table.number} ${css.p95}`}>
        {p95 === null ? '–' : duration(p95)}
      </td>
      <td data-label="Open" className={`${table.number} ${css.open}`}>
        {openText(open)}
      </td>
      <td data-label="Last failure" className={table.nowrap}>
        {lastFailure ? <Moment at={lastFailure} /> : <span className={table.muted}>none</span>}
      </td>
    </>
  );
}
