import '../theme/tokens.css';
import '../theme/base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { markAnswered, markAway } from '../api/away.ts';
import { observeCalls } from '../api/client.ts';
import { sessionQuery } from '../api/session.ts';
import { newQueryClient } from '../frame/query-client.ts';
import { Toasts } from '../kit/status/toast.tsx';
import { copyExactTimes } from '../kit/time/copy-exact-times.ts';
import { applyTheme } from '../theme/theme.ts';
import { createDashboardRouter } from './router.tsx';

const queryClient = newQueryClient();
observeCalls({
  answered: markAnswered,
  failed: markAway,
  signedOut: () => queryClient.setQueryData(sessionQuery.queryKey, null),
});

applyTheme();
copyExactTimes();
const router = createDashboardRouter(queryClient);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
