import type { ReactNode } from 'react';
import { Button } from '../buttons/button.tsx';
import { CopyButton } from '../buttons/copy.tsx';
import { Dialog, DialogActions } from './dialog.tsx';
import { SecretText } from './secret.tsx';

type ShownOnceProps = {
  title: string;
  /** Undefined: there is nothing to show, and `children` say why. */
  secret: string | undefined;
  /** Names it: `the key`. */
  what: string;
  done?: string;
  onClose: () => void;
  children: ReactNode;
  /** What to do with it, below it. */
  below?: ReactNode;
};

/** A secret that was made just now. It is in the memory of this dialog alone, and gone when that closes. */
export function ShownOnce({
  title,
  secret,
  what,
  done = 'I have kept it',
  onClose,
  children,
  below,
}: ShownOnceProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {secret !== undefined && <SecretText label={what} text={secret} />}
      {below}
      <DialogActions>
        {secret !== undefined && <CopyButton text={secret} what={what} label={`Copy ${what}`} />}
        <Button kind="primary" onClick={onClose}>
          {done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
