import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button } from '../buttons/button.tsx';
import css from './dialog.module.css';

type DialogProps = { title: string; onClose: () => void; children: ReactNode; wide?: boolean };

/** The browser's own modal dialog: it holds the focus, closes with Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (opener instanceof HTMLElement) opener.focus();
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
      <div className={css.body}>{children}</div>
    </dialog>
  );
}

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <footer className={css.actions}>{children}</footer>
);
