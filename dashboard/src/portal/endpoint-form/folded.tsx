import { type ReactNode, Suspense, useState } from 'react';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import css from './endpoint-form.module.css';

type FoldedProps = {
  summary: string;
  /** Whether the endpoint has something of it. */
  isPresent: boolean;
  /** Whether something in it is wrong. */
  isWrong: boolean;
  children: ReactNode;
};

/** A part of the form that few need: folded up, unless it is used. What is in it is loaded when it is opened. */
export function Folded({ summary, isPresent, isWrong, children }: FoldedProps) {
  const [isUnfolded, setUnfolded] = useState(isPresent);
  const open = isUnfolded || isWrong;
  return (
    <details className={css.details} open={open} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && (
        <div className={css.content}>
          <Suspense fallback={<SkeletonRows rows={3} />}>{children}</Suspense>
        </div>
      )}
    </details>
  );
}
