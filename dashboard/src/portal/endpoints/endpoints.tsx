import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Endpoint, EndpointFigures } from '../../../../sdk/typescript/src/models.ts';
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
import css from './endpoints.module.css';
import { NoEndpoints } from './no-endpoints.tsx';

/** As many as the figures are given for at once. */
const WITH_FIGURES = 50;
const DAY = { range: { range: '24h' }, fallback: '24h' } as const;

/** Whether the receivers are well. */
export function Endpoints() {
  const navigate = useNavigate();
  const mayAdd = useMay('endpoints');
  const query = useQuery({ ...endpointsQuery(project, {}), refetchInterval: 15_000 });
  const endpoints = query.data?.items ?? [];
  const ids = endpoints.slice(0, WITH_FIGURES).map(({ id }) => id);
  const figures = useQuery({
    ...endpointFiguresQuery(project, ids, DAY),
    refetchInterval: 15_000,
    placeholderData: (old) => old,
  });
  const figuresOf = new Map(figures.data?.items.map((item) => [item.endpoint, item]));
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
      {query.error && <Problem error={query.error} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={4} />}
        {query.data && endpoints.length === 0 && <NoEndpoints mayAdd={mayAdd} />}
        {endpoints.length > 0 && <EndpointTable endpoints={endpoints} figuresOf={figuresOf} />}
        {query.data?.nextCursor && <p className={css.note}>The newest 200 are shown.</p>}
      </Panel>
    </Page>
  );
}

type EndpointTableProps = { endpoints: Endpoint[]; figuresOf: Map<string, EndpointFigures> };

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
              <Share figures={figuresOf.get(endpoint.id)} />
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

/** How many of the requests your server has confirmed. */
function Share({ figures }: { figures: EndpointFigures | undefined }) {
  if (!figures) return <span className={table.muted}>…</span>;
  const { attempts, failed } = figures.totals;
  if (attempts === 0) return <span className={table.muted}>no requests</span>;
  const share = 1 - failed / attempts;
  // Rounded down: 99.96 % are not all.
  const percent = Math.floor(share * 1_000) / 10;
  return (
    <div className={css.share}>
      <span>
        <strong>{percent} %</strong> of {attempts.toLocaleString()} accepted
      </span>
      <span className={css.bar} aria-hidden="true">
        <span className={css.accepted} style={{ width: `${share * 100}%` }} />
      </span>
    </div>
  );
}
