import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Failures } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { causeOf } from '../../delivery/causes.ts';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { groupKey } from '../attention/group-filter.ts';

const SHOWN = 5;

type NeedsAttentionProps = { project: string; failures: Failures | undefined };

/** The groups of failures with the most deliveries. */
export function NeedsAttention({ project, failures }: NeedsAttentionProps) {
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const urls = new Map(endpoints?.items.map(({ id, url }) => [id, url]));
  const groups = failures?.items.toSorted((a, b) => b.deliveries - a.deliveries).slice(0, SHOWN);
  return (
    <Panel
      title="Needs attention"
      aside={
        <Link to="/p/$project/attention" params={{ project }}>
          All
        </Link>
      }
    >
      {!groups && <SkeletonRows rows={2} />}
      {groups?.length === 0 && <Nothing>Nothing needs you.</Nothing>}
      {groups && groups.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col">Cause</th>
              <th scope="col" className={table.number}>
                Deliveries
              </th>
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={groupKey(group)}>
                <td data-label="Endpoint" className={table.strong}>
                  {group.endpoint === null ? (
                    'own targets of events'
                  ) : (
                    <Link
                      to="/p/$project/attention"
                      params={{ project }}
                      search={{ endpoint: group.endpoint }}
                    >
                      <UrlText url={shortUrl(urls.get(group.endpoint) ?? group.endpoint)} />
                    </Link>
                  )}
                </td>
                <td data-label="Cause">
                  {group.outcome === null ? 'made no attempt' : causeOf({ ...group, outcome: group.outcome })}
                </td>
                <td data-label="Deliveries" className={table.number}>
                  {group.deliveries.toLocaleString()}
                </td>
                <td data-label="Last" className={table.nowrap}>
                  <Moment at={group.lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
