import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Endpoint, EndpointStatistics } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.ts';
import { endpointFiguresQuery } from '../../api/statistics-queries.ts';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { useRowKeys } from '../../kit/keys.ts';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { Moment } from '../../kit/time/moment.tsx';
import { project } from '../address.ts';
import { Delivered, type Figures } from './delivered.tsx';
import css from './endpoints.module.css';
import { NoEndpoints } from './no-endpoints.tsx';

/** As many as the API gives figures for at once. */
const FIGURES_AT_ONCE = 50;
const REFETCH_MS = 15_000;
const DAY = { range: { range: '24h' }, fallback: '24h' } as const;

/** Whether the receivers are well. */
export function Endpoints() {
  const navigate = useNavigate();
  const mayAdd = useMay('endpoints');
  const query = useQuery({ ...endpointsQuery(project, {}), refetchInterval: REFETCH_MS });
  const endpoints = query.data?.items ?? [];
  const parts = Array.from({ length: Math.ceil(endpoints.length / FIGURES_AT_ONCE) }, (_, part) =>
    endpoints.slice(part * FIGURES_AT_ONCE, (part + 1) * FIGURES_AT_ONCE).map(({ id }) => id),
  );
  const figures = useQueries({
    queries: parts.map((ids) => ({
      ...endpointFiguresQuery(project, ids, DAY),
      refetchInterval: REFETCH_MS,
      placeholderData: (old: EndpointStatistics | undefined) => old,
    })),
  });
  const figuresOf = new Map(
    figures.flatMap(({ data }) =>
      (data?.items ?? []).map(
        (item) => [item.endpoint, { ...item, settledUntil: data!.settledUntil }] as const,
      ),
    ),
  );
  return (
    <Page
      title="Endpoints"
      actions={
        mayAdd &&
        endpoints.length > 0 && (
          <Button kind="primary" icon="plus" onClick={() => void navigate({ to: '/endpoints/new' })}>
            Add an endpoint
          </Button>
        )
      }
    >
      {query.error && <Problem error={query.error} hasOld={query.data !== undefined} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={4} />}
        {query.data && endpoints.length === 0 && <NoEndpoints mayAdd={mayAdd} />}
        {endpoints.length > 0 && <EndpointTable endpoints={endpoints} figuresOf={figuresOf} />}
        {query.data?.nextCursor && <p className={css.note}>The newest 200 are shown.</p>}
      </Panel>
    </Page>
  );
}

type EndpointTableProps = { endpoints: Endpoint[]; figuresOf: Map<string, Figures> };

function EndpointTable({ endpoints, figuresOf }: EndpointTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">URL</th>
          <th scope="col">Events</th>
          <th scope="col">Last 24 hours</th>
          <th scope="col">Last failure</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {endpoints.map((endpoint) => (
          <tr key={endpoint.id}>
            <td data-label="State">
              <EndpointState endpoint={endpoint} />
            </td>
            <td data-label="URL" className={table.strong}>
              <div>
                <Link to="/endpoints/$endpoint" params={{ endpoint: endpoint.id }}>
                  {endpoint.url.replace(/^https:\/\//, '')}
                </Link>
                {endpoint.description && <div className={table.muted}>{endpoint.description}</div>}
              </div>
            </td>
            <td data-label="Events">
              <span>{endpoint.events.map((type) => (type === '*' ? 'all' : type)).join(', ')}</span>
            </td>
            <td data-label="Last 24 hours">
              <Delivered figures={figuresOf.get(endpoint.id)} lastFailureAt={endpoint.health.lastFailureAt} />
            </td>
            <td data-label="Last failure" className={table.nowrap}>
              {endpoint.health.lastFailureAt ? (
                <Moment at={endpoint.health.lastFailureAt} />
              ) : (
                <span className={table.muted}>none</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
