import { RouterProvider } from '@tanstack/react-router';
import { SessionProvider } from '../api/session.ts';
import { nameProduct } from '../kit/text/product.ts';
import type { createPortalRouter } from './router.tsx';
import { Closed, Failed, Opening } from './session/closed.tsx';
import { usePortalState } from './session/portal-state.ts';

/** The screens for whoever has a session; for others, why they have none. */
export function Portal({ router }: { router: ReturnType<typeof createPortalRouter> }) {
  const state = usePortalState();
  if (state.status === 'opening') return <Opening />;
  if (state.status === 'failed') return <Failed error={state.error} code={state.code} />;
  if (state.status === 'closed') return <Closed reason={state.reason} kept={state.kept} />;
  const { theme, project } = state.session;
  nameProduct(theme?.name ?? project?.name ?? 'Webhooks');
  return (
    <SessionProvider key={state.token} value={state.session}>
      <RouterProvider router={router} />
    </SessionProvider>
  );
}
