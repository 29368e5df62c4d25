import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { consumerKeysQuery } from '../../api/consumer-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { Moment } from '../../kit/time/moment.tsx';

export function ConsumerKeys({ project, consumer }: { project: string; consumer: string }) {
  const query = useQuery(consumerKeysQuery(project, consumer));
  return (
    <Panel
      title="Keys"
      aside={
        <Link to="/p/$project/keys" params={{ project }}>
          All keys
        </Link>
      }
    >
      {query.error && <Problem error={query.error} />}
      {query.isPending && <SkeletonRows rows={1} />}
      {query.data?.length === 0 && <Nothing>No API key.</Nothing>}
      {query.data && query.data.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Access</th>
              <th scope="col">Last used</th>
            </tr>
          </thead>
          <tbody>
            {query.data.map((key) => (
              <tr key={key.id}>
                <td data-label="Name">{key.name ?? <code>{key.id}</code>}</td>
                <td data-label="Access">{key.access === 'read' ? 'read only' : 'full'}</td>
                <td data-label="Last used">
                  {key.lastUsedAt === null ? (
                    <span className={table.muted}>never</span>
                  ) : (
                    <Moment at={key.lastUsedAt} />
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
