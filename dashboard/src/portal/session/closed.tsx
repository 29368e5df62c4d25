import { useEffect } from 'react';
import { Problem } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { isFramed } from '../host/host.ts';
import css from './closed.module.css';
import type { KeptSession } from './kept-session.ts';
import { withExpired } from './leave.ts';
import { enter, type Reason } from './portal-state.ts';

const TEXTS: Record<Reason, { title: string; text: string }> = {
  no_link: {
    title: 'Open this page from your account',
    text: 'It opens by a link that is made for you when you ask for it. This address alone shows nothing.',
  },
  link_gone: {
    title: 'This link has been used, or has expired',
    text: 'Each link opens this page once, and only for a while. Go back to where it came from, and open it again.',
  },
  expired: {
    title: 'Your session has ended',
    text: 'It ended because its time was over, or because nothing was done for a while. Nothing that you saved is lost.',
  },
  ended: {
    title: 'Your session was ended',
    text: 'The service that gave it to you has ended it. Nothing that you saved is lost.',
  },
};

/** Long enough to read why. */
const LEAVE_AFTER_MS = 6_000;

type ClosedProps = { reason: Reason; kept: KeptSession['session'] | undefined };

/** Why there is no session, and the way to a new one. A host page is told instead of being left. */
export function Closed({ reason, kept }: ClosedProps) {
  const { title, text } = TEXTS[reason];
  const isOver = reason === 'expired' || reason === 'ended';
  const refreshUrl = kept?.refreshUrl ? withExpired(kept.refreshUrl) : undefined;
  const returnUrl = kept?.returnUrl ? withExpired(kept.returnUrl) : undefined;
  const goesOn = isOver && !isFramed ? refreshUrl : undefined;
  useEffect(() => {
    document.title = title;
    document.querySelector('h1')?.focus();
  }, [title]);
  useEffect(() => {
    if (goesOn === undefined) return undefined;
    const timer = setTimeout(() => location.assign(goesOn), LEAVE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [goesOn]);
  const way = refreshUrl ?? returnUrl;
  const origin = kept?.theme?.name ?? 'where you came from';
  return (
    <main className={css.closed}>
      <Icon name={isOver ? 'clock' : 'unplug'} size={26} />
      <h1 tabIndex={-1}>{title}</h1>
      <p role="status">
        {text} {isOver && nextStep(kept, goesOn !== undefined)}
      </p>
      {way && (
        <p>
          <a href={way} target="_top">
            {refreshUrl ? 'Begin a new session' : `Back to ${origin}`}
          </a>
        </p>
      )}
    </main>
  );
}

/** What the customer can do. Where nothing leads on by itself, it is said in words. */
function nextStep(kept: ClosedProps['kept'], goesOn: boolean): string {
  if (goesOn) return 'You are being taken to where you get a new one.';
  if (kept?.refreshUrl) return '';
  if (isFramed) return 'Load this page again: that opens a new session.';
  return kept?.returnUrl
    ? 'Go back, and open this page from there again: that begins a new session.'
    : 'To go on, go back to the page from which you opened this one, and open it there again. You can close this tab: nothing of your session is left in it.';
}

export const Opening = () => (
  <main className={css.closed} aria-busy="true">
    <p>Opening …</p>
  </main>
);

/** The code was not used: it may be tried again. */
export function Failed({ error, code }: { error: unknown; code: string | undefined }) {
  return (
    <main className={css.closed}>
      <h1>This page could not be opened</h1>
      <Problem error={error} />
      <Button kind="primary" icon="refresh-cw" onClick={() => void enter(code)}>
        Try again
      </Button>
    </main>
  );
}
