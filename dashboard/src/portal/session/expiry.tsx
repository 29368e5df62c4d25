import { useEffect, useState } from 'react';
import { useSession } from '../../api/session.ts';
import notice from '../../frame/notice.module.css';
import { Button } from '../../kit/buttons/button.tsx';
import { useNow } from '../../kit/time/clock.ts';
import { countdown } from '../../kit/time/time.ts';
import { withExpired } from './leave.ts';
import { refreshSession } from './portal-state.ts';

const ASK_EVERY_MS = 60_000;
const WARN_MS = 2 * 60_000;

/** Says two minutes ahead that the session ends, and puts it off where that is possible (WCAG 2.2.1). */
export function Expiry() {
  const { expiresAt, refreshUrl } = useSession();
  const now = useNow(1_000);
  const [asked, setAsked] = useState<string | null>(null);
  const left = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - now;
  useFreshSession(left <= 0);
  if (left > WARN_MS) return null;
  // Asking did not move the end: it is the end of the whole session.
  const isFinal = asked === expiresAt;
  return (
    <div className={notice.notice} role="alert">
      <p>
        {isFinal
          ? 'Your session ends at its appointed time, in '
          : 'Nothing was done for a while: your session ends in '}
        <strong>{countdown(Math.max(0, left))}</strong>.
      </p>
      {!isFinal && (
        <Button
          icon="refresh-cw"
          onClick={() => {
            setAsked(expiresAt);
            void refreshSession();
          }}
        >
          Stay here
        </Button>
      )}
      {isFinal && refreshUrl && (
        <a href={withExpired(refreshUrl)} target="_top">
          Begin a new one
        </a>
      )}
    </div>
  );
}

/** Notices within a minute that the session was ended, and at once when someone comes back to the tab. */
function useFreshSession(isOver: boolean): void {
  useEffect(() => {
    const ask = (): void => {
      if (!document.hidden) void refreshSession();
    };
    const timer = setInterval(ask, ASK_EVERY_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, []);
  useEffect(() => {
    if (isOver) void refreshSession();
  }, [isOver]);
}
