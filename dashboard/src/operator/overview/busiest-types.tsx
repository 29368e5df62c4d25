import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ListRange } from '../../api/queries.ts';
import { eventTypeFiguresQuery } from '../../api/statistics-queries.ts';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import table from '../../kit/lists/table.module.css';

const SHOWN = 5;

/** The event types with the most accepted events in the range. */
export function BusiestTypes({ project, range }: { project: string; range: ListRange }) {
  const query = useQuery({
    ...eventTypeFiguresQuery(project, range),
    placeholderData: (old) => old,
  });
  const types = useHeldOrder(query.data?.slice(0, SHOWN) ?? [], ({ type }) => type);
  return (
    <Panel title="Busiest types">
      {query.isPending && <SkeletonRows rows={2} />}
      {query.data && types.length === 0 && <Nothing>No event in this range.</Nothing>}
      {types.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Type</th>
              <th scope="col" className={table.number}>
                Accepted
              </th>
            </tr>
          </thead>
          <tbody>
            {types.map(({ type, accepted }) => (
              <tr key={type}>
                <td data-label="Type" className={table.strong}>
                  <Link to="/p/$project/events" params={{ project }} search={{ ...range.range, type }}>
                    {type}
                  </Link>
                </td>
                <td data-label="Accepted" className={table.number}>
                  {accepted.toLocaleString()}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
