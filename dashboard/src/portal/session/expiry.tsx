import { useEffect } from 'react';
import { useSession } from '../../api/session.ts';
import { SessionEnd } from '../../frame/session-end.tsx';
import { withExpired } from './leave.ts';
import { refreshSession } from './portal-state.ts';

const ASK_EVERY_MS = 60_000;

/** Says ahead that the session ends, and notices within a minute that it was ended. */
export function Expiry() {
  const { expiresAt, refreshUrl } = useSession();
  useFreshSession();
  return (
    <SessionEnd
      expiresAt={expiresAt}
      onExtend={refreshSession}
      renew={
        refreshUrl && (
          <a href={withExpired(refreshUrl)} target="_top">
            Begin a new session
          </a>
        )
      }
    />
  );
}

/** Asks every minute, and at once when someone comes back to the tab. */
function useFreshSession(): void {
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
}
