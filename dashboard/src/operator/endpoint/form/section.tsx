import type { ReactNode } from 'react';
import { Folded } from '../../../kit/layout/folded.tsx';
import css from './form.module.css';

type SectionProps = {
  title: string;
  /** What it is now, in a few words. */
  now: string;
  /** Opens it, if something in it is wrong. */
  isOpen: boolean;
  children: ReactNode;
};

/** A part of the form that is folded up, with its title and what it is now. */
export function Section({ title, now, isOpen, children }: SectionProps) {
  const summary = (
    <>
      <span className={css.title}>{title}</span> <span className={css.now}>{now}</span>
    </>
  );
  return (
    <Folded className={css.section} summary={summary} isWrong={isOpen}>
      {children}
    </Folded>
  );
}
