import type { ReactNode } from 'react';
import css from './figures.module.css';

export type Figure = {
  name: string;
  /** Undefined until it is known. */
  value: ReactNode | undefined;
  /** Below it: what it was before, or of when it is. */
  note?: ReactNode | undefined;
};

/** The figures at the top of a screen. They take their place before they are known. `hasNotes`: so do their notes. */
export function Figures({ figures, hasNotes = true }: { figures: Figure[]; hasNotes?: boolean }) {
  return (
    <dl className={css.figures}>
      {figures.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={css.figure}>{value ?? '\u00a0'}</dd>
          {hasNotes && <dd className={css.note}>{note ?? '\u00a0'}</dd>}
        </div>
      ))}
    </dl>
  );
}
