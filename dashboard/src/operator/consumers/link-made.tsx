import type { ReactNode } from 'react';
import type { PortalLink } from '../../../../sdk/typescript/src/models.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { SecretText } from '../../kit/dialogs/secret.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import css from './consumers.module.css';

type LinkMadeProps = { title: string; link: PortalLink; onClose: () => void; children: ReactNode };

/** The link is a secret: it is in the memory of this dialog alone. */
export function LinkMade({ title, link, onClose, children }: LinkMadeProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <SecretText label="The link" text={link.url} />
      <p>
        It expires <Moment at={link.expiresAt} />, or when it is opened.
      </p>
      <p>{sessionText(link)}</p>
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <CopyButton text={link.url} what="the link" label="Copy the link" />
        <a className={css.open} href={link.url} target="_blank" rel="noreferrer">
          <Icon name="external-link" size={14} />
          Open it in a new tab
        </a>
      </DialogActions>
    </Dialog>
  );
}

/** When the session ends, in the words of the API's own times. */
function sessionText({ sessionSeconds, sessionIdleSeconds }: PortalLink): string {
  const ends = `Its session ends ${duration(sessionSeconds * 1_000)} after it was opened`;
  return sessionIdleSeconds < sessionSeconds
    ? `${ends}, or earlier: after ${duration(sessionIdleSeconds * 1_000)} without use.`
    : `${ends}.`;
}
