import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { endpointsQuery, type ListRange } from '../../api/queries.ts';
import { endpointFiguresQuery } from '../../api/statistics-queries.ts';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import table from '../../kit/lists/table.module.css';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { duration } from '../../kit/time/time.ts';
import css from './overview.module.css';

const SHOWN = 5;
/** The API has figures of so many endpoints at once. */
const ASKED = 50;

/** The endpoints with the longest response times in the range. */
export function SlowestEndpoints({ project, range }: { project: string; range: ListRange }) {
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const all = endpoints?.items ?? [];
  const asked = all.slice(0, ASKED);
  const urls = new Map(asked.map(({ id, url }) => [id, url]));
  const figures = useQuery({
    ...endpointFiguresQuery(project, [...urls.keys()], range),
    placeholderData: (old) => old,
  });
  const slowest = useHeldOrder(
    (figures.data?.items ?? [])
      .filter(({ totals }) => totals.p95Ms !== null)
      .toSorted((a, b) => b.totals.p95Ms! - a.totals.p95Ms!)
      .slice(0, SHOWN),
    ({ endpoint }) => endpoint,
  );
  const isPending = endpoints === undefined || (asked.length > 0 && figures.isPending);
  const isPart = all.length > ASKED || endpoints?.nextCursor != null;
  return (
    <Panel
      title="Slowest endpoints"
      aside={isPart && <span className={css.note}>of the newest {ASKED}</span>}
    >
      {isPending && <SkeletonRows rows={2} />}
      {!isPending && slowest.length === 0 && <Nothing>No attempt in this range.</Nothing>}
      {slowest.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col" className={table.number}>
                p50
              </th>
              <th scope="col" className={table.number}>
                p95
              </th>
              <th scope="col" className={table.number}>
                Attempts
              </th>
            </tr>
          </thead>
          <tbody>
            {slowest.map(({ endpoint, totals }) => (
              <tr key={endpoint}>
                <td data-label="Endpoint" className={table.strong}>
                  <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint }}>
                    <UrlText url={shortUrl(urls.get(endpoint) ?? endpoint)} />
                  </Link>
                </td>
                <td data-label="p50" className={table.number}>
                  {totals.p50Ms === null ? '–' : duration(totals.p50Ms)}
                </td>
                <td data-label="p95" className={table.number}>
                  {totals.p95Ms === null ? '–' : duration(totals.p95Ms)}
                </td>
                <td data-label="Attempts" className={table.number}>
                  {totals.attempts.toLocaleString()}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
