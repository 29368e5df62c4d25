import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';

const SHOWN = 20;

export function ConsumerEndpoints({ project, consumer }: { project: string; consumer: string }) {
  const query = useQuery({ ...endpointsQuery(project, { consumer }), refetchInterval: 15_000 });
  const endpoints = query.data?.items ?? [];
  return (
    <Panel
      title="Endpoints"
      aside={
        <Link to="/p/$project/endpoints" params={{ project }} search={{ consumer }}>
          All endpoints
        </Link>
      }
    >
      {query.error && <Problem error={query.error} />}
      {query.isPending && <SkeletonRows rows={2} />}
      {query.data && endpoints.length === 0 && <Nothing>No endpoint yet: its events go nowhere.</Nothing>}
      {endpoints.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">URL</th>
              <th scope="col">Types</th>
              <th scope="col">Last failure</th>
            </tr>
          </thead>
          <tbody>
            {endpoints.slice(0, SHOWN).map((endpoint) => (
              <tr key={endpoint.id}>
                <td data-label="State">
                  <EndpointState endpoint={endpoint} />
                </td>
                <td data-label="URL" className={table.strong}>
                  <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: endpoint.id }}>
                    <UrlText url={shortUrl(endpoint.url)} />
                  </Link>
                </td>
                <td data-label="Types">{endpoint.events.join(', ')}</td>
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
      )}
    </Panel>
  );
}
