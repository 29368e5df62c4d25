import '../theme/tokens.css';
import '../theme/base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { markAnswered, markAway } from '../api/away.ts';
import { observeCalls, signCallsWith } from '../api/client.ts';
import { forgetVersions } from '../api/fetch-if-changed.ts';
import { hideErrorLinks } from '../api/problem.tsx';
import { newQueryClient } from '../frame/query-client.ts';
import { forgetToasts, Toasts } from '../kit/status/toast.tsx';
import { nameProduct } from '../kit/text/product.ts';
import { copyExactTimes } from '../kit/time/copy-exact-times.ts';
import { takeCode } from './address.ts';
import { followHost } from './host/follow-host.ts';
import { tellHeight } from './host/host.ts';
import { Portal } from './portal.tsx';
import { createPortalRouter } from './router.tsx';
import { enter, portalState, sessionEnded, signCall, subscribe } from './session/portal-state.ts';

const queryClient = newQueryClient();
// No cookie: an operator's session in this browser is not the customer's.
signCallsWith({ headers: signCall, credentials: 'omit' });
observeCalls({ answered: markAnswered, failed: markAway, signedOut: sessionEnded });
hideErrorLinks();
copyExactTimes();

// Until the session tells the name.
nameProduct('The service');

// Before the router is made, which would keep the address with its code.
void enter(takeCode());
// Of a link that is pasted where only the code differs, the browser loads nothing.
addEventListener('hashchange', () => {
  const code = takeCode();
  if (code !== undefined) void enter(code);
});

// A new link may be that of another customer, or give less. `Portal` mounts every screen anew.
let token: string | undefined;
subscribe(() => {
  const state = portalState();
  const next = state.status === 'open' ? state.token : undefined;
  if (token === next) return;
  token = next;
  queryClient.clear();
  forgetVersions();
  forgetToasts();
});

const router = createPortalRouter(queryClient);
followHost(router);
const root = document.getElementById('root')!;
tellHeight(root);
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Portal router={router} />
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
