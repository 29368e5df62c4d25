import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { recoveriesQuery } from '../../api/queries.ts';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { RecoveryTable } from '../recoveries/recovery-table.tsx';

/** The recoveries that have not ended. */
export function RunningRecoveries({ project }: { project: string }) {
  const query = useQuery(recoveriesQuery(project));
  const running = query.data?.filter(({ endedAt }) => endedAt === null) ?? [];
  return (
    <Panel
      title="Running recoveries"
      aside={
        <Link to="/p/$project/recoveries" params={{ project }}>
          All
        </Link>
      }
    >
      {query.isPending && <SkeletonRows rows={2} />}
      {query.data && running.length === 0 && <Nothing>None is running.</Nothing>}
      {running.length > 0 && <RecoveryTable project={project} recoveries={running} isShort />}
    </Panel>
  );
}
