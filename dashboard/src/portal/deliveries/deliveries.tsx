import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import type { ListDeliveriesQuery } from '../../../../sdk/typescript/src/models.ts';
import { useOutcomes } from '../../api/outcomes.ts';
import { Problem } from '../../api/problem.tsx';
import { deliveriesQuery, endpointsQuery, eventTypesQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldRows } from '../../kit/lists/held-rows.ts';
import { LiveLine } from '../../kit/lists/live-line.tsx';
import { More } from '../../kit/lists/more.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { isRangeName, RANGES } from '../../kit/time/time-range.ts';
import { project } from '../address.ts';
import { stateWord } from '../words.ts';
import css from './deliveries.module.css';
import { DeliveryTable } from './delivery-table.tsx';

const STATES = ['pending', 'retrying', 'held', 'delivered', 'undeliverable', 'cancelled'] as const;
const RANGE_NAMES = {
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};
const FALLBACK = '7d';
const LIVE_MS = 5_000;
/** However many outcomes come. */
const MIN_REFRESH_MS = 2_000;

/** Whether an event has come, and how. */
export function Deliveries() {
  const search = useSearch({ from: '/deliveries' });
  const { endpoint, status, type, contains } = search;
  const range = isRangeName(search.range) ? search.range : FALLBACK;
  const filter: ListDeliveriesQuery = {
    ...(endpoint && { endpoint }),
    ...(status && { status }),
    ...(type && { type }),
    ...(contains && { contains }),
  };
  // A search looks at many rows: it is made once.
  const isLive = search.live !== 'off' && !type && !contains;
  const query = useInfiniteQuery({
    ...deliveriesQuery(project, filter, { range: { range }, fallback: FALLBACK }),
    refetchInterval: ({ state }) => (isLive && (state.data?.pages.length ?? 0) <= 1 ? LIVE_MS : false),
    placeholderData: (old) => old,
  });
  const asked = useRef(0);
  useOutcomes(
    project,
    () => {
      if (Date.now() - asked.current < MIN_REFRESH_MS || (query.data?.pages.length ?? 0) > 1) return;
      asked.current = Date.now();
      void query.refetch();
    },
    isLive,
  );
  const { rows, waiting, show } = useHeldRows(
    query.data?.pages.flatMap(({ items }) => items) ?? [],
    // Until the rows of another filter come, those of the one before are shown, and must not be held.
    `${JSON.stringify(search)} ${query.isPlaceholderData}`,
  );
  const last = query.data?.pages.at(-1);
  return (
    <Page title="Deliveries" actions={!type && !contains && <Live isLive={isLive} />}>
      <Filters />
      {query.error && <Problem error={query.error} hasOld={query.data !== undefined} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={8} />}
        {query.data && rows.length === 0 && !query.hasNextPage && (
          <Empty icon="inbox" title="No delivery fits">
            <p>Choose a longer time, or drop a filter.</p>
          </Empty>
        )}
        {isLive && rows.length > 0 && <LiveLine waiting={waiting} onShow={show} />}
        {rows.length > 0 && <DeliveryTable deliveries={rows} />}
        {last?.searchedTo && (
          <p className={css.note}>
            Searched back to <Moment at={last.searchedTo} />
            {last.complete ? ': everything in this time.' : '.'}
          </p>
        )}
        <More key={JSON.stringify(search)} query={query} what="deliveries" found={rows.length} />
      </Panel>
    </Page>
  );
}

function useFilter(): (changes: Record<string, string | undefined>) => void {
  const navigate = useNavigate();
  return (changes) => void navigate({ to: '/deliveries', search: (old) => ({ ...old, ...changes }) });
}

function Live({ isLive }: { isLive: boolean }) {
  const filter = useFilter();
  return (
    <Button
      icon={isLive ? 'pause' : 'play'}
      aria-pressed={isLive}
      onClick={() => filter({ live: isLive ? 'off' : undefined })}
    >
      Live
    </Button>
  );
}

function Filters() {
  const search = useSearch({ from: '/deliveries' });
  const filter = useFilter();
  const maySearch = useMay('payloads');
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const { data: types } = useQuery(eventTypesQuery(project));
  const [text, setText] = useState(search.contains ?? '');
  const choice = (name: 'endpoint' | 'status' | 'type', label: string, options: [string, string][]) => (
    <select
      className={css.select}
      aria-label={label}
      value={search[name] ?? ''}
      onChange={(change) => filter({ [name]: change.target.value || undefined })}
    >
      <option value="">{`Any ${label.toLowerCase()}`}</option>
      {options.map(([value, option]) => (
        <option key={value} value={value}>
          {option}
        </option>
      ))}
      {search[name] && !options.some(([value]) => value === search[name]) && (
        <option value={search[name]}>{search[name]}</option>
      )}
    </select>
  );
  return (
    <search>
      <form
        className={css.filters}
        onSubmit={(event) => {
          event.preventDefault();
          filter({ contains: text.trim() || undefined });
        }}
      >
        {choice('endpoint', 'Endpoint', endpoints?.items.map(({ id, url }) => [id, shortUrl(url)]) ?? [])}
        {choice(
          'status',
          'State',
          STATES.map((state) => [state, stateWord(state)]),
        )}
        {choice('type', 'Event', types?.map((entry) => [entry.type, entry.type]) ?? [])}
        <select
          className={css.select}
          aria-label="Time"
          value={isRangeName(search.range) ? search.range : FALLBACK}
          onChange={(change) => filter({ range: change.target.value })}
        >
          {RANGES.map((name) => (
            <option key={name} value={name}>
              {RANGE_NAMES[name]}
            </option>
          ))}
        </select>
        {maySearch && (
          <input
            type="search"
            className={css.field}
            aria-label="Text in the body"
            placeholder="Text in the body, then Enter"
            value={text}
            onChange={(change) => {
              setText(change.target.value);
              if (change.target.value === '') filter({ contains: undefined });
            }}
          />
        )}
      </form>
    </search>
  );
}
