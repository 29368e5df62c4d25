import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useAwaySince } from '../../api/away.ts';
import { Problem } from '../../api/problem.tsx';
import { SessionProvider, sessionQuery, useSession, useSessionQuery } from '../../api/session.ts';
import { Away } from '../../frame/away.tsx';
import { useFocusOnNavigation } from '../../frame/focus-on-navigation.ts';
import { NewerVersion } from '../../frame/newer-version.tsx';
import { SessionEnd } from '../../frame/session-end.tsx';
import { useKeys } from '../../kit/keys.ts';
import { SkipLink } from '../../kit/layout/skip-link.tsx';
import css from './frame.module.css';
import { Help } from './help.tsx';
import { Jump } from './jump/jump.tsx';
import { useJumpKeys } from './jump/use-jump-keys.ts';
import { Navigation } from './navigation.tsx';
import { SCREENS } from './screens.ts';
import { TopBar } from './top-bar.tsx';

/** Everything around the screens, and the door: whoever is not signed in is led to the sign-in. */
export function Frame() {
  const { data: session, error } = useSessionQuery();
  const { href } = useLocation();
  if (error && session === undefined) {
    return (
      <main className={css.alone}>
        <Problem error={error} />
      </main>
    );
  }
  if (session === undefined) return null;
  if (session === null || location.hash.startsWith('#code=')) return <ToSignIn to={href} />;
  return (
    <SessionProvider value={session}>
      <SignedInFrame />
    </SessionProvider>
  );
}

/** Keeps the fragment: it may hold a code that signs in. */
function ToSignIn({ to }: { to: string }) {
  const navigate = useNavigate();
  // Once: while the address changes, `to` is the address of the sign-in.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    const target = to.replace(/#.*$/, '');
    void navigate({
      to: '/sign-in',
      search: target === '/' || target === '' ? {} : { to: target },
      hash: location.hash.replace(/^#/, ''),
      replace: true,
    });
  }, []);
  return null;
}

function SignedInFrame() {
  const { project } = useParams({ strict: false });
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [overlay, setOverlay] = useState<'help' | 'jump'>();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const session = useSession();
  const queryClient = useQueryClient();
  const isAway = useAwaySince() !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes when the address changes
  useEffect(() => setMenuOpen(false), [pathname]);
  useFocusOnNavigation(pathname);

  const go = (to: string) => () => {
    if (project) void navigate({ to: `/p/$project/${to}` as '/p/$project/events', params: { project } });
  };
  useKeys({
    '?': () => setOverlay('help'),
    ...Object.fromEntries(SCREENS.flatMap(({ key, path }) => (key ? [[`g ${key}`, go(path)]] : []))),
  });
  const [pasted, setPasted] = useState('');
  const openJump = (text: string): void => {
    setPasted(text);
    setOverlay('jump');
  };
  useJumpKeys(openJump);

  return (
    <div className={css.frame}>
      <SkipLink />
      <TopBar
        isMenuOpen={isMenuOpen}
        onMenu={() => setMenuOpen(!isMenuOpen)}
        onJump={() => openJump('')}
        onHelp={() => setOverlay('help')}
      />
      <Navigation isOpen={isMenuOpen} />
      <main id="content" tabIndex={-1} className={css.main}>
        <Away />
        <SessionEnd
          expiresAt={session.expiresAt}
          onExtend={() => queryClient.refetchQueries({ queryKey: sessionQuery.queryKey })}
        />
        <NewerVersion />
        <div className={css.screen} data-old={isAway}>
          <Outlet />
        </div>
      </main>
      {overlay === 'help' && <Help onClose={() => setOverlay(undefined)} />}
      {overlay === 'jump' && <Jump initial={pasted} onClose={() => setOverlay(undefined)} />}
    </div>
  );
}
