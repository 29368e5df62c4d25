import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Endpoint, FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { deliveriesQuery, endpointQuery, failuresQuery, recoveriesQuery } from '../../api/queries.ts';
import { ChartSkeleton } from '../../charts/chart-skeleton.tsx';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { HealthNotes } from '../../endpoint/health-notes.tsx';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldRows } from '../../kit/lists/held-rows.ts';
import { LiveLine } from '../../kit/lists/live-line.tsx';
import { product } from '../../kit/text/product.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { project } from '../address.ts';
import { DeliveryTable } from '../deliveries/delivery-table.tsx';
import { LoadProblem } from '../frame/load-problem.tsx';
import { customerAdvice, customerCause, groupText } from '../words.ts';
import { Actions } from './actions.tsx';
import css from './endpoint.module.css';
import { RunningRecoveries } from './running-recoveries.tsx';
import { Settings } from './settings.tsx';

const REQUESTS_TITLE = 'Requests in the last 24 hours';
/** With the arithmetic of charts, it is loaded after the rest. */
const Requests = lazy(async () => ({ default: (await import('./requests.tsx')).Requests }));

const REFETCH_MS = 10_000;
const LATEST = 10;

/** What is wrong with an endpoint, and how to mend it. */
export function EndpointScreen() {
  const { endpoint: id } = useParams({ from: '/endpoints/$endpoint' });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const query = useQuery({ ...endpointQuery(project, id), refetchInterval: REFETCH_MS });
  const latest = useInfiniteQuery({
    ...deliveriesQuery(project, { endpoint: id, limit: LATEST }),
    refetchInterval: REFETCH_MS,
  });
  const failures = useQuery({
    ...failuresQuery(project, { endpoint: id }),
    refetchInterval: REFETCH_MS,
  });
  const recoveries = useQuery(recoveriesQuery(project));
  const { rows: deliveries, waiting, show } = useHeldRows(latest.data?.pages[0]?.items ?? [], id);
  const endpoint = query.data;
  // All at once: what comes later would move what is being read.
  if (!endpoint || failures.isPending || recoveries.isPending) {
    return (
      <Page title="Endpoint">
        {query.error ? (
          <LoadProblem error={query.error} what="endpoint" to="/endpoints" />
        ) : (
          <Panel>
            <SkeletonRows rows={8} />
          </Panel>
        )}
      </Page>
    );
  }
  const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: [project] });
  return (
    <Page
      title={endpoint.url}
      heading={<UrlText url={endpoint.url} />}
      aside={<EndpointState endpoint={endpoint} />}
      actions={<Actions endpoint={endpoint} onChange={refresh} />}
    >
      {endpoint.description && <p className={css.description}>{endpoint.description}</p>}
      <HealthNotes endpoint={endpoint} owners={{ project: product(), consumer: 'you' }} />
      <Failures endpoint={endpoint} groups={failures.data?.items ?? []} />
      <RunningRecoveries endpoint={id} />
      <Suspense fallback={<ChartSkeleton title={REQUESTS_TITLE} />}>
        <Requests title={REQUESTS_TITLE} endpoint={id} />
      </Suspense>
      <Panel
        title="Latest deliveries"
        aside={
          <Link to="/deliveries" search={{ endpoint: id }}>
            All deliveries
          </Link>
        }
      >
        {latest.isPending && <SkeletonRows rows={4} />}
        {latest.data && deliveries.length === 0 && (
          <Empty icon="inbox" title="It has received nothing yet">
            <p>Send a test: it gets an example event, and you see what it answers.</p>
          </Empty>
        )}
        {deliveries.length > 0 && <LiveLine waiting={waiting} onShow={show} />}
        {deliveries.length > 0 && <DeliveryTable deliveries={deliveries} isOfOneEndpoint />}
      </Panel>
      <Settings
        endpoint={endpoint}
        onChange={refresh}
        onDeleted={async () => {
          await navigate({ to: '/endpoints' });
        }}
      />
    </Page>
  );
}

type FailuresProps = { endpoint: Endpoint; groups: FailureGroup[] };

/** Why its deliveries fail: each cause once, with what to do. */
function Failures({ endpoint, groups: all }: FailuresProps) {
  const groups = all.filter(({ outcome }) => outcome !== null);
  if (groups.length === 0) return null;
  return (
    <Panel title="What fails">
      <ul className={css.failures}>
        {groups.map((group) => {
          const failed = { ...group, outcome: group.outcome! };
          return (
            <li key={`${group.outcome} ${group.statusCode} ${group.state}`}>
              <p className={css.cause}>
                {customerCause(failed)}.{' '}
                <Link to="/deliveries" search={{ endpoint: endpoint.id, status: group.state }}>
                  {groupText(group)}
                </Link>
                {group.deliveries === 1 ? ', from' : ', the first from'} <Moment at={group.firstAt} />.
              </p>
              <p className={css.advice}>{customerAdvice(failed)}</p>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
