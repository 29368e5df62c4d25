import { Link } from '@tanstack/react-router';
import { memo, useState } from 'react';
import type { Attempt } from '../../../../sdk/typescript/src/models.ts';
import type { Outcome } from '../../../../sdk/typescript/src/outcome-stream.ts';
import { causeOf, reasonText } from '../../delivery/causes.ts';
import { Button } from '../../kit/buttons/button.tsx';
import type { IconName } from '../../kit/icons/icon-names.ts';
import table from '../../kit/lists/table.module.css';
import { State, type Tone } from '../../kit/status/state.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import css from './stream.module.css';

/** Drawn at first. */
const DRAWN = 100;

type OutcomeTableProps = {
  project: string;
  outcomes: Outcome[];
  /** The endpoints that are known, by their ids. */
  urls: ReadonlyMap<string, string>;
  /** While the pointer or the focus is in the list, no row may move. */
  onInList: (isIn: boolean) => void;
  onConsumer: (consumer: string) => void;
  onEndpoint: (endpoint: string) => void;
};

export function OutcomeTable({
  project,
  outcomes,
  urls,
  onInList,
  onConsumer,
  onEndpoint,
}: OutcomeTableProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? outcomes : outcomes.slice(0, DRAWN);
  return (
    <>
      <table className={`${table.table} ${css.table}`}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Event</th>
            <th scope="col">Consumer</th>
            <th scope="col">Endpoint</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody
          onMouseEnter={() => onInList(true)}
          onMouseLeave={() => onInList(false)}
          onFocus={() => onInList(true)}
          onBlur={() => onInList(false)}
        >
          {shown.map((outcome) => (
            <Row
              key={outcome.id}
              project={project}
              outcome={outcome}
              url={urls.get(outcome.endpoint ?? '')}
              onConsumer={onConsumer}
              onEndpoint={onEndpoint}
            />
          ))}
        </tbody>
      </table>
      {outcomes.length > DRAWN && !isWhole && (
        <div className={css.more}>
          <Button icon="chevron-down" onClick={() => setWhole(true)}>
            {`Show all ${outcomes.length.toLocaleString()} that are kept`}
          </Button>
        </div>
      )}
    </>
  );
}

const WHAT: Record<Outcome['kind'], [Tone, IconName, string]> = {
  'attempt.failed': ['warn', 'rotate-cw', 'attempt failed'],
  'delivery.delivered': ['good', 'circle-check', 'delivered'],
  'delivery.undeliverable': ['bad', 'octagon-x', 'undeliverable'],
  'delivery.cancelled': ['idle', 'ban', 'cancelled'],
  'event.settled': ['info', 'zap', 'event settled'],
};

type RowProps = {
  project: string;
  outcome: Outcome;
  /** Of its endpoint. */
  url: string | undefined;
  onConsumer: (consumer: string) => void;
  onEndpoint: (endpoint: string) => void;
};

const Row = memo(
  function Row({ project, outcome, url, onConsumer, onEndpoint }: RowProps) {
    const [tone, icon, what] = WHAT[outcome.kind] ?? ['idle', 'circle', outcome.kind];
    const { delivery, endpoint, consumer } = outcome;
    return (
      <tr>
        <td data-label="Time" className={table.nowrap}>
          <Moment at={outcome.at} />
        </td>
        <td data-label="What">
          <State tone={tone} icon={icon}>
            {what}
          </State>
        </td>
        <td data-label="Event" className={table.mono}>
          <Link
            to="/p/$project/events/$event"
            params={{ project, event: outcome.event }}
            search={delivery ? { delivery } : {}}
          >
            {outcome.event}
          </Link>
        </td>
        <td data-label="Consumer">
          {consumer === null ? (
            <span className={table.muted}>none</span>
          ) : (
            <button type="button" className={table.value} onClick={() => onConsumer(consumer)}>
              {consumer}
            </button>
          )}
        </td>
        <td data-label="Endpoint">
          {endpoint ? (
            <button
              type="button"
              className={table.value}
              title={`Show only ${endpoint}`}
              onClick={() => onEndpoint(endpoint)}
            >
              {url === undefined ? <code>{endpoint}</code> : <UrlText url={shortUrl(url)} />}
            </button>
          ) : (
            <span className={table.muted}>–</span>
          )}
        </td>
        <td data-label="Details">
          <Details outcome={outcome} />
        </td>
      </tr>
    );
  },
  (before, after) =>
    before.outcome === after.outcome && before.url === after.url && before.project === after.project,
);

function Details({ outcome }: { outcome: Outcome }) {
  const { attempt, outcome: result, nextAttemptAt, reason, kind, status } = outcome;
  if (kind === 'event.settled') return <span>{status}</span>;
  return (
    <span>
      {attempt !== undefined && `attempt ${attempt}`}
      {result !== undefined &&
        result !== 'delivered' &&
        ` · ${causeOf({ outcome: result as Attempt['outcome'], statusCode: null })}`}
      {reason !== undefined && ` · ${reasonText(reason)}`}
      {nextAttemptAt && (
        <>
          {' · next '}
          <Moment at={nextAttemptAt} />
        </>
      )}
    </span>
  );
}
