import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { useSession } from '../../api/session.ts';
import { Away } from '../../frame/away.tsx';
import { useFocusOnNavigation } from '../../frame/focus-on-navigation.ts';
import { NewerVersion } from '../../frame/newer-version.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { SkipLink } from '../../kit/layout/skip-link.tsx';
import { product } from '../../kit/text/product.ts';
import { isFramed } from '../host/host.ts';
import { Expiry } from '../session/expiry.tsx';
import css from './frame.module.css';

const SCREENS = [
  ['/endpoints', 'Endpoints'],
  ['/deliveries', 'Deliveries'],
  ['/event-types', 'Events'],
  ['/verify', 'Verify'],
  ['/usage', 'Usage'],
] as const;

/** Everything around the screens: whose portal it is, the way back, and the way between the screens. */
export function Frame() {
  const { theme, consumer, returnUrl } = useSession();
  const { pathname } = useLocation();
  useFocusOnNavigation(pathname);
  return (
    <div className={css.frame}>
      <SkipLink />
      <header className={css.top}>
        <div className={css.who}>
          <Logo url={theme?.logoUrl ?? null} />
          <span className={css.name}>{product()}</span>
          {consumer && <span className={css.consumer}>{consumer.name ?? consumer.id}</span>}
          {returnUrl && !isFramed && (
            <a className={css.back} href={returnUrl}>
              <Icon name="arrow-left" size={14} />
              Back to {product()}
            </a>
          )}
        </div>
        <nav aria-label="Portal">
          <ul className={css.screens}>
            {SCREENS.map(([to, name]) => (
              <li key={to}>
                <Link to={to} className={css.screen} activeProps={{ 'data-current': true }}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="content" tabIndex={-1} className={css.main}>
        <Expiry />
        <Away />
        <NewerVersion />
        <Outlet />
      </main>
      {theme?.hideBranding !== true && <footer className={css.footer}>Webhooks delivered by Posthorn</footer>}
    </div>
  );
}

/** The name beside it says whose it is. A logo that does not load leaves no hole. */
function Logo({ url }: { url: string | null }) {
  const [isBroken, setBroken] = useState(false);
  if (url === null || isBroken) return null;
  return <img className={css.logo} src={url} alt="" onError={() => setBroken(true)} />;
}
