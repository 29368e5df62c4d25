import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Problem } from '../../api/problem.tsx';
import { recoveriesQuery } from '../../api/queries.ts';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { RecoveryTable } from './recovery-table.tsx';

/** What was set going to send many deliveries again. */
export function Recoveries() {
  const { project } = useParams({ from: '/frame/p/$project/recoveries' });
  const query = useQuery({
    ...recoveriesQuery(project),
    refetchInterval: ({ state }) => (state.data?.some(({ status }) => status === 'running') ? 2_000 : 15_000),
  });
  return (
    <Page title="Recoveries">
      {query.error && <Problem error={query.error} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={4} />}
        {query.data?.length === 0 && (
          <Empty icon="rotate-cw" title="No recovery yet">
            <p>
              A recovery sends many failed deliveries again. Start one from{' '}
              <Link to="/p/$project/attention" params={{ project }}>
                what needs attention
              </Link>
              , or from an endpoint.
            </p>
          </Empty>
        )}
        {query.data && query.data.length > 0 && <RecoveryTable project={project} recoveries={query.data} />}
      </Panel>
    </Page>
  );
}
