import type { Attempt } from '../../../../sdk/typescript/src/models.ts';
import table from '../../kit/lists/table.module.css';
import css from '../delivery.module.css';
import { differences } from './differences.ts';

/** Two attempts of a delivery, and only what differs. */
export function Compare({ left, right }: { left: Attempt; right: Attempt }) {
  const found = differences(left, right);
  if (found.length === 0)
    return (
      <p className={css.note}>
        The attempts {left.number} and {right.number} differ in nothing but their times.
      </p>
    );
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">What differs</th>
          <th scope="col">Attempt {left.number}</th>
          <th scope="col">Attempt {right.number}</th>
        </tr>
      </thead>
      <tbody>
        {found.map(({ where, name, left: before, right: after }) => (
          <tr key={`${where} ${name}`}>
            <td data-label="What differs">
              <span>
                {name} <span className={table.muted}>{where}</span>
              </span>
            </td>
            <td data-label={`Attempt ${left.number}`} className={table.mono}>
              {before.slice(0, 2_000)}
            </td>
            <td data-label={`Attempt ${right.number}`} className={table.mono}>
              {after.slice(0, 2_000)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
