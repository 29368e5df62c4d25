import { codeIn } from '../address.ts';
import type { createPortalRouter } from '../router.tsx';
import { enterByLink, portalState, subscribe } from '../session/portal-state.ts';
import { listenToHost, tellHost, trustOrigins } from './host.ts';
import { applyLook, type ChosenLook } from './look.ts';

/** What the host page has chosen, over the look of the session. */
let chosen: ChosenLook = {};

/** Does what the host page says, tells it what happens, and gives the page its look. */
export function followHost(router: ReturnType<typeof createPortalRouter>): void {
  let isReady = false;
  const follow = (): void => {
    const state = portalState();
    const known =
      state.status === 'open' ? state.session : state.status === 'closed' ? state.kept : undefined;
    if (known) trustOrigins(known.origins);
    if (known?.theme) applyLook(known.theme, chosen);
    if (state.status === 'open' && !isReady) tellHost({ type: 'ready' });
    if (state.status === 'closed') tellHost({ type: 'session-expired' });
    isReady = state.status === 'open';
  };
  subscribe(follow);
  listenToHost((message) => {
    if (message.type === 'navigate') router.history.push(router.basepath + message.path);
    if (message.type === 'link') enterByLink(codeIn(message.url));
    if (message.type === 'theme') {
      const { mode, accent } = message;
      chosen = { ...chosen, ...(mode && { mode }), ...(accent && { accent }) };
      follow();
    }
  });
  router.subscribe('onResolved', ({ toLocation, fromLocation }) => {
    if (toLocation.href === fromLocation?.href) return;
    tellHost({ type: 'navigate', path: toLocation.href });
  });
}
