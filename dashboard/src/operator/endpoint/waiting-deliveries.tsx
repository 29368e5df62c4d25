import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { deliveriesQuery, endpointOrderQuery } from '../../api/queries.ts';
import { waitingText } from '../../delivery/causes.ts';
import { Nothing, Panel } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { Moment } from '../../kit/time/moment.tsx';
import { waitingGroups } from './waiting-groups.ts';

const REFETCH_MS = 5_000;
const LOOKED_AT = 200;

/** The newest open deliveries of an endpoint. */
export const openDeliveriesQuery = (project: string, endpoint: string) =>
  deliveriesQuery(project, { endpoint, status: 'pending,retrying,held', limit: LOOKED_AT });

/** What is open, and what it waits for. */
export function WaitingDeliveries({ project, endpoint }: { project: string; endpoint: Endpoint }) {
  const query = useInfiniteQuery({
    ...openDeliveriesQuery(project, endpoint.id),
    refetchInterval: REFETCH_MS,
  });
  const page = query.data?.pages[0];
  const groups = waitingGroups(page?.items ?? []);
  return (
    <Panel
      title="What waits, and for what"
      aside={page?.nextCursor && <span className={table.muted}>of the newest {LOOKED_AT}</span>}
    >
      {endpoint.ordered && <Order project={project} endpoint={endpoint.id} />}
      {groups.length === 0 ? (
        <Nothing>{page ? 'Nothing is open.' : '\u00a0'}</Nothing>
      ) : (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col" className={table.number}>
                Deliveries
              </th>
              <th scope="col">Next attempt</th>
              <th scope="col">Oldest from</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ waitingFor, deliveries, nextAt, oldestAt }) => (
              <tr key={waitingFor}>
                <td data-label="State" className={table.strong}>
                  {waitingText(waitingFor) ?? 'has an attempt under way'}
                </td>
                <td data-label="Deliveries" className={table.number}>
                  {deliveries.toLocaleString()}
                </td>
                <td data-label="Next attempt" className={table.nowrap}>
                  {nextAt ? <Moment at={nextAt} /> : <span className={table.muted}>not planned</span>}
                </td>
                <td data-label="Oldest from" className={table.nowrap}>
                  <Moment at={oldestAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** At an ordered endpoint all others wait for one delivery. */
function Order({ project, endpoint }: { project: string; endpoint: string }) {
  const { data } = useQuery({ ...endpointOrderQuery(project, endpoint), refetchInterval: REFETCH_MS });
  if (!data?.head) return null;
  const { head, behind } = data;
  return (
    <Nothing>
      In order: it is the turn of{' '}
      <Link
        to="/p/$project/events/$event"
        params={{ project, event: head.event }}
        search={{ delivery: head.id }}
      >
        {head.eventType}
      </Link>
      , and {behind >= 1_000 ? '1,000 or more' : behind.toLocaleString()} {behind === 1 ? 'waits' : 'wait'}{' '}
      behind it.
    </Nothing>
  );
}
