import { type ReactNode, Suspense, useState } from 'react';
import css from './folded.module.css';
import { SkeletonRows } from './page.tsx';

type FoldedProps = {
  className: string | undefined;
  summary: ReactNode;
  /** Whether it is open at first. */
  isOpenAtFirst?: boolean;
  /** Whether something in it is wrong: it is open, and cannot be closed. */
  isWrong: boolean;
  children: ReactNode;
};

/** A part of a form that is folded up. What is in it is loaded when it is opened. */
export function Folded({ className, summary, isOpenAtFirst = false, isWrong, children }: FoldedProps) {
  const [isUnfolded, setUnfolded] = useState(isOpenAtFirst);
  const open = isUnfolded || isWrong;
  return (
    <details className={className} open={open} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && (
        <div className={css.content}>
          <Suspense fallback={<SkeletonRows rows={3} />}>{children}</Suspense>
        </div>
      )}
    </details>
  );
}
