import type { ReactNode } from 'react';
import css from './endpoint.module.css';

/** Sentences about what is wrong. Nothing, if there are none. */
export function Notes({ notes }: { notes: ReactNode[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className={css.health}>
      {notes.map((note, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the sentences have no other name
        <li key={index}>{note}</li>
      ))}
    </ul>
  );
}
