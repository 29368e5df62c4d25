import { Nothing } from '../kit/layout/page.tsx';
import table from '../kit/lists/table.module.css';
import { schemaRows } from './schema-rows.ts';
import css from './schema-table.module.css';

/** The members of the data, for people. The schema as JSON says the same and more. */
export function SchemaTable({ schema }: { schema: unknown }) {
  const rows = schemaRows(schema);
  if (rows.length === 0) return <Nothing>Any JSON value: the schema names no members.</Nothing>;
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Type</th>
          <th scope="col">What it is</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a schema may name a member twice
          <tr key={index}>
            <td data-label="Member">
              <span className={css.member}>
                <code>{row.path === '' ? 'data' : row.path}</code>
                {row.isRequired && <span className={css.required}>required</span>}
              </span>
            </td>
            <td data-label="Type">{row.type}</td>
            <td data-label="What it is">
              <span>
                {row.description}
                {row.description !== '' && row.rules.length > 0 && ' · '}
                {row.rules.length > 0 && <span className={table.muted}>{row.rules.join(' · ')}</span>}
                {row.description === '' && row.rules.length === 0 && <span className={table.muted}>–</span>}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
