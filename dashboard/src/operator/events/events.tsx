import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { EventSummary } from '../../../../sdk/typescript/src/models.ts';
import { curlCall } from '../../api/curl-call.ts';
import { Problem } from '../../api/problem.tsx';
import { eventsQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { useKeys } from '../../kit/keys.ts';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldRows } from '../../kit/lists/held-rows.ts';
import { LiveLine } from '../../kit/lists/live-line.tsx';
import { More } from '../../kit/lists/more.tsx';
import { SearchOn } from '../../kit/lists/search-on.tsx';
import { boundsOf, keepRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { EventTable } from './event-table.tsx';
import { filtersIn } from './filter-text.ts';
import { FilterBar } from './filters.tsx';
import { NoEvents } from './no-events.tsx';
import { ResendSelected } from './resend-selected.tsx';
import { SendEvent } from './send-event.tsx';

const LIVE_MS = 2_000;
/** As fast as anyone reads. */
const READ_PER_SECOND = 20;

export function Events() {
  const { project } = useParams({ from: '/frame/p/$project/events' });
  const search = useSearch({ from: '/frame/p/$project/events' });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const mayChange = useMayChange();
  const [isSending, setSending] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());

  const filters = filtersIn(search as Record<string, string | undefined>);
  const isSearch = filters.some(([name]) => name === 'contains' || name.startsWith('attribute.'));
  const isLive = search.live !== 'off' && !isSearch && !search.until;
  const options = eventsQuery(project, apiFilter(filters), {
    range: keepRange(search),
    fallback: defaultRange(),
  });
  const query = useInfiniteQuery({
    ...options,
    refetchInterval: ({ state }) => (isLive && !hasOlderPages(state.data) ? LIVE_MS : false),
    placeholderData: (old) => old,
  });
  const pages = query.data?.pages ?? [];
  const follows = isLive && !hasOlderPages(query.data);
  const { rows, waiting, show } = useHeldRows(
    pages.flatMap(({ items }) => items),
    // Until the rows of another filter come, those of the one before are shown, and must not be held.
    `${project} ${JSON.stringify(search)} ${query.isPlaceholderData}`,
  );
  const command = curlCall('/v1/events', {
    ...Object.fromEntries(filters),
    ...boundsOf(search, defaultRange(), Date.now()),
    fields: 'summary',
  });
  const toggleLive = (): void => {
    if (isLive && !follows) return void queryClient.resetQueries({ queryKey: options.queryKey });
    void navigate({ to: '.', search: (old) => ({ ...old, live: isLive ? 'off' : undefined }) });
  };
  useKeys({ t: toggleLive });
  const selection = { ids: selected, change: setSelected };

  return (
    <Page
      title="Events"
      actions={
        <>
          {!isSearch && (
            <Button icon={follows ? 'pause' : 'play'} aria-pressed={follows} onClick={toggleLive}>
              Live
            </Button>
          )}
          <CopyButton text={command} what="this list as a curl command" label="Copy as curl" />
          {mayChange && (
            <Button kind="primary" icon="send" onClick={() => setSending(true)}>
              Send an event
            </Button>
          )}
        </>
      }
    >
      <FilterBar search={search as Record<string, string | undefined>} />
      {query.error && <Problem error={query.error} />}
      <ResendSelected
        project={project}
        events={rows.filter(({ id }) => selected.has(id))}
        selection={selection}
        filters={filters}
      />
      <Panel>
        {isLive && rows.length > 0 && (
          <LiveLine waiting={waiting} onShow={show}>
            {query.hasNextPage &&
              cameFast(pages[0]!.items) &&
              `More than ${READ_PER_SECOND} a second: only the newest ${pages[0]!.items.length} are shown.`}
          </LiveLine>
        )}
        {query.isPending && <SkeletonRows rows={12} />}
        {query.data && rows.length === 0 && !query.hasNextPage && (
          <NoEvents project={project} filters={filters} search={search} onSend={() => setSending(true)} />
        )}
        {rows.length > 0 && (
          <EventTable project={project} events={rows} selection={mayChange ? selection : undefined} />
        )}
        {isSearch ? (
          <SearchOn
            key={JSON.stringify(options.queryKey)}
            query={query}
            found={rows.length}
            onStop={() => void queryClient.cancelQueries({ queryKey: options.queryKey })}
          />
        ) : (
          <More key={JSON.stringify(options.queryKey)} query={query} what="events" found={rows.length} />
        )}
      </Panel>
      {isSending && <SendEvent project={project} onClose={() => setSending(false)} />}
    </Page>
  );
}

const apiFilter = (filters: [string, string][]) => {
  const attributes = filters.filter(([name]) => name.startsWith('attribute.'));
  const plain = filters.filter(([name]) => !name.startsWith('attribute.'));
  return {
    ...Object.fromEntries(plain),
    ...(attributes.length > 0 && {
      attributes: Object.fromEntries(attributes.map(([name, value]) => [name.slice(10), value])),
    }),
  };
};

/** Whoever reads further down is not disturbed: only the first page follows. */
const hasOlderPages = (data: { pages: unknown[] } | undefined): boolean => (data?.pages.length ?? 0) > 1;

/** Whether the newest events, as many as a page has, came faster than anyone reads. */
function cameFast(newest: EventSummary[]): boolean {
  const seconds = (Date.parse(newest[0]!.createdAt) - Date.parse(newest.at(-1)!.createdAt)) / 1_000;
  return newest.length > READ_PER_SECOND * seconds;
}
