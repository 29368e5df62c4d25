import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import css from '../../endpoint/endpoint.module.css';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { HealthNotes } from '../../endpoint/health-notes.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Facts, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { EndpointActions } from './endpoint-actions.tsx';
import { EndpointOverview } from './endpoint-overview.tsx';

const EndpointDeliveries = lazy(async () => ({
  default: (await import('./endpoint-deliveries.tsx')).EndpointDeliveries,
}));
const Settings = lazy(async () => ({ default: (await import('./settings.tsx')).Settings }));

/** As high as the screen, so that a part that comes moves nothing. */
const WAITING = (
  <Panel>
    <SkeletonRows rows={16} />
  </Panel>
);

/** Whether a receiver is well, and how to help it. */
export function EndpointScreen() {
  const { project = '', endpoint: id = '', tab } = useParams({ strict: false });
  const query = useQuery({ ...endpointQuery(project, id), refetchInterval: 10_000 });
  const queryClient = useQueryClient();
  const mayChange = useMayChange();
  const endpoint = query.data;
  if (!endpoint) {
    return <Page title="Endpoint">{query.error ? <Problem error={query.error} /> : WAITING}</Page>;
  }
  const refresh = async (): Promise<void> => {
    await queryClient.invalidateQueries({ queryKey: [project] });
  };
  return (
    <Page
      title={endpoint.url}
      heading={<UrlText url={endpoint.url} />}
      aside={<EndpointState endpoint={endpoint} />}
      actions={mayChange && <EndpointActions project={project} endpoint={endpoint} onChange={refresh} />}
    >
      <Head project={project} endpoint={endpoint} />
      <HealthNotes endpoint={endpoint} owners={{ project: 'the project', consumer: 'the consumer' }} />
      <Tabs project={project} endpoint={id} />
      <Suspense fallback={WAITING}>
        {tab === 'deliveries' ? (
          <EndpointDeliveries project={project} endpoint={id} />
        ) : tab === 'settings' ? (
          <Settings project={project} endpoint={endpoint} onChange={refresh} />
        ) : (
          <EndpointOverview project={project} endpoint={endpoint} />
        )}
      </Suspense>
    </Page>
  );
}

function Head({ project, endpoint }: { project: string; endpoint: Endpoint }) {
  return (
    <Facts
      items={[
        [
          'Id',
          <span key="id" className={css.id}>
            <code>{endpoint.id}</code>
            <CopyButton text={endpoint.id} what="the id" />
          </span>,
        ],
        [
          'Consumer',
          endpoint.consumer === null ? (
            'none'
          ) : (
            <Link
              key="consumer"
              to="/p/$project/endpoints"
              params={{ project }}
              search={{ consumer: endpoint.consumer }}
            >
              {endpoint.consumer}
            </Link>
          ),
        ],
        ['Types', endpoint.events.join(', ')],
        ['Added', <Moment key="at" at={endpoint.createdAt} />],
      ]}
    />
  );
}

/** The settings have no time range. */
const NO_RANGE = { range: undefined, since: undefined, until: undefined };

function Tabs({ project, endpoint }: { project: string; endpoint: string }) {
  const params = { project, endpoint };
  return (
    <nav className={css.tabs} aria-label="Parts of the endpoint">
      <Link
        to="/p/$project/endpoints/$endpoint"
        params={params}
        activeOptions={{ exact: true, includeSearch: false }}
        resetScroll={false}
      >
        Overview
      </Link>
      {(['deliveries', 'settings'] as const).map((tab) => (
        <Link
          key={tab}
          to="/p/$project/endpoints/$endpoint/$tab"
          params={{ ...params, tab }}
          {...(tab === 'settings' && { search: NO_RANGE })}
          activeOptions={{ includeSearch: false }}
          resetScroll={false}
        >
          {tab === 'deliveries' ? 'Deliveries' : 'Settings'}
        </Link>
      ))}
    </nav>
  );
}
