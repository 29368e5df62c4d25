import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { EventTypeStatistics } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { acceptedTypesQuery } from '../../api/statistics-queries.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { shareText } from '../../statistics/timeline-figures.ts';
import { project } from '../address.ts';
import { MONTH } from './month.ts';
import css from './usage.module.css';

const SHOWN = 10;

/** How many events of each type there were, the most first. */
export function ByType() {
  const { data, error } = useQuery({
    ...acceptedTypesQuery(project, MONTH),
    refetchInterval: 60_000,
    placeholderData: (old) => old,
  });
  return (
    <Panel title="Events by type">
      {error && <Problem error={error} hasOld={data !== undefined} />}
      {!data && !error && <SkeletonRows rows={4} />}
      {data && data.items.length + data.others === 0 && (
        <Empty icon="inbox" title="No event yet">
          <p>Every event of this time is counted here, whether an endpoint subscribes to it or not.</p>
        </Empty>
      )}
      {data && data.items.length + data.others > 0 && <Types figures={data} />}
    </Panel>
  );
}

function Types({ figures: { items, others } }: { figures: EventTypeStatistics }) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? items : items.slice(0, SHOWN);
  const hidden = items.length - shown.length;
  const all = items.reduce((sum, { accepted }) => sum + accepted, others);
  return (
    <>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" className={table.number}>
              Events
            </th>
            <th scope="col" className={table.number}>
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ type, accepted }) => (
            <tr key={type}>
              <td data-label="Type" className={table.strong}>
                <Link to="/deliveries" search={{ type, ...MONTH.range }}>
                  {type}
                </Link>
              </td>
              <Numbers accepted={accepted} all={all} />
            </tr>
          ))}
          {others > 0 && hidden === 0 && (
            <tr>
              <td data-label="Type">Other types</td>
              <Numbers accepted={others} all={all} />
            </tr>
          )}
        </tbody>
      </table>
      {hidden > 0 && (
        <p className={css.more}>
          <Button kind="quiet" onClick={() => setShowsAll(true)}>
            {`Show ${hidden} more`}
          </Button>
        </p>
      )}
    </>
  );
}

const Numbers = ({ accepted, all }: { accepted: number; all: number }) => (
  <>
    <td data-label="Events" className={table.number}>
      {accepted.toLocaleString()}
    </td>
    <td data-label="Share" className={table.number}>
      {accepted > 0 && accepted / all < 0.0001 ? '< 0.01 %' : shareText(accepted / all)}
    </td>
  </>
);
