import type { ReactNode } from 'react';
import { Problem } from '../api/problem.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../kit/dialogs/dialog.tsx';
import type { IconName } from '../kit/icons/icon-names.ts';

type CallDialogProps = {
  title: string;
  /** What the dialog asks for: a mutation. */
  call: { error: unknown; isPending: boolean; mutate: () => void };
  /** On the button that makes the call. */
  label: string;
  icon?: IconName;
  /** `danger`: the call takes something away, so that only its own button makes it, and no Enter in a field. */
  kind?: 'primary' | 'danger';
  disabled?: boolean;
  /** On the button that leaves everything as it is. */
  cancel?: string;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
};

/** A form or a question in a dialog, which makes one call of the API and shows why it was refused. */
export function CallDialog({
  title,
  call,
  label,
  icon,
  kind = 'primary',
  disabled = false,
  cancel = 'Cancel',
  wide = false,
  onClose,
  children,
}: CallDialogProps) {
  const isDangerous = kind === 'danger';
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      {call.error != null && <Problem error={call.error} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isDangerous) call.mutate();
        }}
      >
        {children}
        <DialogActions>
          <Button onClick={onClose}>{cancel}</Button>
          <Button
            kind={kind}
            {...(isDangerous ? { onClick: () => call.mutate() } : { type: 'submit' as const })}
            {...(icon && { icon })}
            busy={call.isPending}
            disabled={disabled}
          >
            {label}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
