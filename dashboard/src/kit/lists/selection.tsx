import type { ReactNode } from 'react';
import { Button } from '../buttons/button.tsx';
import css from './selection.module.css';

export type Selection = {
  ids: ReadonlySet<string>;
  change: (ids: ReadonlySet<string>) => void;
};

/** In the head of a table: all rows that are shown, or none. */
export function SelectAll({ selection: { ids, change }, all }: { selection: Selection; all: string[] }) {
  const isAll = all.length > 0 && all.every((id) => ids.has(id));
  return (
    <th scope="col" className={css.cell}>
      <label className={css.box}>
        <input
          type="checkbox"
          checked={isAll}
          ref={(box) => {
            if (box) box.indeterminate = ids.size > 0 && !isAll;
          }}
          onChange={() => change(new Set(isAll ? [] : all))}
        />
        <span className={css.hidden}>Select all rows that are shown</span>
      </label>
    </th>
  );
}

/** `name`: what is read out. */
export function SelectRow({
  selection: { ids, change },
  id,
  name,
}: {
  selection: Selection;
  id: string;
  name: string;
}) {
  const toggle = (): void => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    change(next);
  };
  return (
    <td data-label="Select" className={css.cell}>
      <label className={css.box}>
        <input type="checkbox" checked={ids.has(id)} onChange={toggle} />
        <span className={css.hidden}>Select {name}</span>
      </label>
    </td>
  );
}

/** What can be done with the rows that are selected. */
export function SelectionBar({
  label,
  selection: { ids, change },
  children,
}: {
  label: string;
  selection: Selection;
  children: ReactNode;
}) {
  if (ids.size === 0) return null;
  return (
    <section className={css.bar} aria-label={label}>
      <span>{ids.size} selected</span>
      {children}
      <Button kind="quiet" onClick={() => change(new Set())}>
        Clear
      </Button>
    </section>
  );
}
