import { Link } from '@tanstack/react-router';
import type { AcceptedOfType } from '../../../../sdk/typescript/src/models.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Nothing, Panel } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';

const SHOWN = 20;

type SeenTypesProps = {
  project: string;
  seen: AcceptedOfType[];
  hasCatalogue: boolean;
  onAdd?: (type: string) => void;
};

/** Types of events that were accepted in the range, and that the catalogue does not have. */
export function SeenTypes({ project, seen, hasCatalogue, onAdd }: SeenTypesProps) {
  if (seen.length === 0) return null;
  return (
    <Panel title={hasCatalogue ? 'Accepted, but not in the catalogue' : 'Accepted lately'}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" className={table.number}>
              Accepted
            </th>
            {onAdd && (
              <th scope="col" className={table.act}>
                Add
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {seen.slice(0, SHOWN).map(({ type, accepted }) => (
            <tr key={type}>
              <td data-label="Type" className={table.strong}>
                <Link to="/p/$project/events" params={{ project }} search={{ type }}>
                  {type}
                </Link>
              </td>
              <td data-label="Accepted" className={table.number}>
                {accepted.toLocaleString()}
              </td>
              {onAdd && (
                <td data-label="Add" className={table.act}>
                  <Button icon="plus" aria-label={`Add ${type} to the catalogue`} onClick={() => onAdd(type)}>
                    Add
                  </Button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {seen.length > SHOWN && <Nothing>{`The ${SHOWN} most frequent of ${seen.length} types.`}</Nothing>}
    </Panel>
  );
}
