import { errorAt } from '../../../api/problem.tsx';
import buttons from '../../../kit/buttons/button.module.css';
import { Button } from '../../../kit/buttons/button.tsx';
import field from '../../../kit/fields/field.module.css';
import css from './form.module.css';
import { type HeaderRow, headerPointer, rowProblem } from './header-draft.ts';

const MAX_HEADERS = 20;

type HeaderFieldsProps = {
  /** The names of the headers that it has. */
  present: string[];
  /** Undefined: those that it has stay. */
  rows: HeaderRow[] | undefined;
  onChange: (rows: HeaderRow[] | undefined) => void;
  error: unknown;
  /** Whether it was tried to save them. */
  isChecked: boolean;
};

/** Headers of its own, a name and a value each. Those that are stored can be replaced, and not read. */
export function HeaderFields({ present, rows, onChange, error, isChecked }: HeaderFieldsProps) {
  if (rows === undefined) {
    return (
      <>
        <ul className={css.present}>
          {present.map((name) => (
            <li key={name}>
              <code>{name}</code> <span className={field.hint}>value not shown</span>
            </li>
          ))}
        </ul>
        <p className={field.hint}>
          Values are stored encrypted, because they often are credentials, and never shown again. To change
          one, write all of them anew.
        </p>
        <div>
          <Button onClick={() => onChange(present.map((name) => ({ name, value: '' })))}>
            Replace the headers
          </Button>
        </div>
      </>
    );
  }
  const set = (index: number, changes: Partial<HeaderRow>): void =>
    onChange(rows.map((row, other) => (other === index ? { ...row, ...changes } : row)));
  const ofRow = (row: HeaderRow): string | undefined =>
    row.name.trim() === '' ? undefined : errorAt(error, headerPointer(row));
  const ofAll = rows.some(ofRow) ? undefined : errorAt(error, '/headers');
  return (
    <>
      <p className={field.hint}>
        Sent with each request, beside those of the profile. What describes the body or the connection, such
        as Content-Type, and the headers of the signature cannot be set.
      </p>
      {rows.map((row, index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
          key={index}
          row={row}
          number={index + 1}
          problem={(isChecked ? rowProblem(rows, index) : undefined) ?? ofRow(row)}
          onChange={(changes) => set(index, changes)}
          onRemove={() => onChange(rows.filter((_, other) => other !== index))}
        />
      ))}
      {ofAll && <p className={field.error}>{ofAll}</p>}
      <div className={buttons.row}>
        {rows.length < MAX_HEADERS && (
          <Button icon="plus" onClick={() => onChange([...rows, { name: '', value: '' }])}>
            Add a header
          </Button>
        )}
        {present.length > 0 && <Button onClick={() => onChange(undefined)}>Keep those that it has</Button>}
      </div>
      {present.length > 0 && rows.length === 0 && (
        <p className={field.hint}>Without any, it loses those that it has: {present.join(', ')}.</p>
      )}
    </>
  );
}

type RowProps = {
  row: HeaderRow;
  number: number;
  problem: string | undefined;
  onChange: (changes: Partial<HeaderRow>) => void;
  onRemove: () => void;
};

function Row({ row, number, problem, onChange, onRemove }: RowProps) {
  const described = { 'aria-invalid': problem !== undefined, 'aria-describedby': `header-${number}-error` };
  return (
    <div className={css.header}>
      <input
        {...described}
        className={field.control}
        aria-label={`Name of header ${number}`}
        placeholder="X-Tenant"
        autoComplete="off"
        spellCheck={false}
        value={row.name}
        onChange={(change) => onChange({ name: change.target.value })}
      />
      <input
        {...described}
        className={field.control}
        aria-label={`Value of header ${number}`}
        placeholder="acme"
        autoComplete="off"
        spellCheck={false}
        value={row.value}
        onChange={(change) => onChange({ value: change.target.value })}
      />
      <Button kind="quiet" icon="x" iconOnly onClick={onRemove}>
        {`Remove header ${number}`}
      </Button>
      {problem && (
        <p id={`header-${number}-error`} className={field.error}>
          {problem}
        </p>
      )}
    </div>
  );
}
