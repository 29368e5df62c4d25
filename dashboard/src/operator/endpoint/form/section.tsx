import { type ReactNode, Suspense, useState } from 'react';
import { SkeletonRows } from '../../../kit/layout/page.tsx';
import css from './form.module.css';

type SectionProps = {
  title: string;
  /** What it is now, in a few words. */
  now: string;
  /** Opens it, if something in it is wrong. */
  isOpen: boolean;
  children: ReactNode;
};

/** A part of the form that is folded up. What is in it is loaded when it is opened. */
export function Section({ title, now, isOpen, children }: SectionProps) {
  const [isUnfolded, setUnfolded] = useState(false);
  const open = isUnfolded || isOpen;
  return (
    <details className={css.section} open={open} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>
        <span className={css.title}>{title}</span> <span className={css.now}>{now}</span>
      </summary>
      {open && (
        <div className={css.content}>
          <Suspense fallback={<SkeletonRows rows={3} />}>{children}</Suspense>
        </div>
      )}
    </details>
  );
}
