import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Recovery } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { filterText, RecoveryBar } from '../../endpoint/recovery/recovery-bar.tsx';
import { useRowKeys } from '../../kit/keys.ts';
import table from '../../kit/lists/table.module.css';
import { StateOf } from '../../kit/status/state.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import css from './recoveries.module.css';

type RecoveryTableProps = {
  project: string;
  recoveries: Recovery[];
  /** Beside other panels: only what it sends, and how far it is. */
  isShort?: boolean;
};

export function RecoveryTable({ project, recoveries, isShort = false }: RecoveryTableProps) {
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const urls = new Map(endpoints?.items.map(({ id, url }) => [id, url]));
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          {!isShort && <th scope="col">Started</th>}
          <th scope="col">Sends</th>
          <th scope="col">State</th>
          <th scope="col">Progress</th>
          {!isShort && <th scope="col">By</th>}
        </tr>
      </thead>
      <tbody ref={body}>
        {recoveries.map((recovery) => (
          <tr key={recovery.id}>
            {!isShort && (
              <td data-label="Started" className={table.nowrap}>
                <Moment at={recovery.startedAt} />
              </td>
            )}
            <td data-label="Sends" className={table.strong}>
              <Link to="/p/$project/recoveries/$recovery" params={{ project, recovery: recovery.id }}>
                {filterText(recovery.filter, urls)}
              </Link>
            </td>
            <td data-label="State">
              <StateOf status={recovery.status} />
            </td>
            <td data-label="Progress">
              <RecoveryBar recovery={recovery} />
            </td>
            {!isShort && (
              <td data-label="By" className={`${table.mono} ${table.muted} ${css.by}`}>
                {recovery.startedBy}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
