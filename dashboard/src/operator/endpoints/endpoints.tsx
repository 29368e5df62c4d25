import { useInfiniteQuery, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { ListEndpointsQuery } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointPagesQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { backlogQuery, endpointFiguresQuery } from '../../api/statistics-queries.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import { More } from '../../kit/lists/more.tsx';
import { SearchOn } from '../../kit/lists/search-on.tsx';
import { EndpointFilters } from './endpoint-filters.tsx';
import { hasState, isSort, rowsOf } from './endpoint-rows.ts';
import { EndpointTable } from './endpoint-table.tsx';
import { NoEndpoints } from './no-endpoints.tsx';
import { SeveralEndpoints } from './several-endpoints.tsx';

// Opened by a click, and by few.
const NewEndpoint = lazy(async () => ({
  default: (await import('../endpoint/form/new-endpoint.tsx')).NewEndpoint,
}));

const REFETCH_MS = 15_000;
const LAST_DAY = { range: { range: '24h' }, fallback: '24h' } as const;

/** Which receivers are ill. */
export function Endpoints() {
  const { project } = useParams({ from: '/frame/p/$project/endpoints' });
  const search = useSearch({ from: '/frame/p/$project/endpoints' });
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const [isNew, setNew] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const filter = (changes: object): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changes }), replace: true });
  const queryClient = useQueryClient();
  const options = endpointPagesQuery(project, apiFilter(search));
  const query = useInfiniteQuery({
    ...options,
    refetchInterval: REFETCH_MS,
    placeholderData: (old) => old,
  });
  const pages = query.data?.pages ?? [];
  const figures = useQueries({
    queries: pages.map(({ items }) => ({
      ...endpointFiguresQuery(
        project,
        items.map(({ id }) => id),
        LAST_DAY,
        '1h',
      ),
      refetchInterval: REFETCH_MS,
    })),
  });
  const backlog = useQuery({ ...backlogQuery(project), refetchInterval: REFETCH_MS });
  const shown = pages.flatMap(({ items }) => items).filter((endpoint) => hasState(endpoint, search.status));
  const rows = useHeldOrder(
    rowsOf(
      shown,
      figures.flatMap(({ data }) => data?.items ?? []),
      backlog.data,
      isSort(search.sort) ? search.sort : undefined,
    ),
    ({ endpoint }) => endpoint.id,
  );
  const selection = { ids: selected, change: setSelected };
  const isSearch = pages[0]?.complete !== undefined;
  return (
    <Page
      title="Endpoints"
      actions={
        mayChange && (
          <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
            New endpoint
          </Button>
        )
      }
    >
      <EndpointFilters search={search} onChange={filter} />
      {query.error && <Problem error={query.error} />}
      <SeveralEndpoints
        project={project}
        endpoints={shown.filter(({ id }) => selected.has(id))}
        selection={selection}
      />
      <Panel>
        {query.isPending && <SkeletonRows rows={6} />}
        {query.data && rows.length === 0 && (
          <NoEndpoints
            project={project}
            isFiltered={Boolean(search.status || search.q || search.consumer)}
            hasMore={query.hasNextPage}
            onNew={() => setNew(true)}
          />
        )}
        {rows.length > 0 && (
          <EndpointTable
            project={project}
            rows={rows}
            selection={mayChange ? selection : undefined}
            onConsumer={(consumer) => filter({ consumer })}
          />
        )}
        {isSearch ? (
          <SearchOn
            key={JSON.stringify(options.queryKey)}
            query={query}
            found={rows.length}
            onStop={() => void queryClient.cancelQueries({ queryKey: options.queryKey })}
          />
        ) : (
          <More query={query} what="endpoints" found={rows.length} />
        )}
      </Panel>
      {isNew && (
        <Suspense>
          <NewEndpoint project={project} onClose={() => setNew(false)} />
        </Suspense>
      )}
    </Page>
  );
}

type EndpointSearch = {
  status?: string | undefined;
  consumer?: string | undefined;
  q?: string | undefined;
};

const apiFilter = ({ status, consumer, q }: EndpointSearch): ListEndpointsQuery => ({
  // Those that fail are active; which of them do is only known afterwards.
  ...(status && { status: status === 'failing' ? 'active' : status }),
  ...(consumer && { consumer }),
  ...(q?.trim() && { q: q.trim() }),
});
