import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button } from '../buttons/button.tsx';
import css from './dialog.module.css';

type DialogProps = {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** Whether it is opened to be read, so that Close has the focus. */
  isText?: boolean;
};

const FIELDS = 'input:not(:disabled), select:not(:disabled), textarea:not(:disabled)';

/**
 * The browser's own modal dialog: it holds the focus, closes with Escape, and gives the focus back. At first the focus is
 * in the first field; without a field, it is on the first act, which is the one that changes nothing.
 */
export function Dialog({ title, onClose, children, wide = false, isText = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it opens
  useEffect(() => {
    const opener = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    const first = body.current?.querySelector(FIELDS) ?? body.current?.querySelector('footer button');
    if (!isText && first instanceof HTMLElement) first.focus();
    return () => {
      dialog?.close();
      giveFocusTo(opener);
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={`${css.dialog} ${wide ? css.wide : ''}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className={css.header}>
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="x" iconOnly onClick={onClose}>
          Close
        </Button>
      </header>
      <div ref={body} className={css.body}>
        {children}
      </div>
    </dialog>
  );
}

/** What opened the dialog may have gone with what the dialog did; then the heading of the screen gets the focus. */
function giveFocusTo(opener: Element | null): void {
  const target = opener?.isConnected && opener !== document.body ? opener : document.querySelector('h1');
  if (target instanceof HTMLElement) target.focus();
}

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <footer className={css.actions}>{children}</footer>
);
