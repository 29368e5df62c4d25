import { lazy, Suspense, useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { useMay } from '../../api/session.ts';
import { type Change, ChangeState } from '../../endpoint/change-state.tsx';
import { Recover } from '../../endpoint/recover.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { project } from '../address.ts';

/** With what shows a response, it is loaded when it is asked for. */
const Test = lazy(async () => ({ default: (await import('./test.tsx')).Test }));

type ActionsProps = { endpoint: Endpoint; onChange: () => Promise<void> };

/** What the session lets its customer do with an endpoint. */
export function Actions({ endpoint, onChange }: ActionsProps) {
  const [asked, setAsked] = useState<Change>();
  const [shown, setShown] = useState<'test' | 'failed' | 'missing'>();
  const mayChange = useMay('endpoints');
  const mayTest = useMay('test');
  const mayRetry = useMay('retry');
  const change = nextChange(endpoint);
  const close = (): void => setShown(undefined);
  return (
    <>
      {mayTest && (
        <Button kind="primary" icon="send" onClick={() => setShown('test')}>
          Send a test
        </Button>
      )}
      {mayChange && change && (
        <Button icon={change === 'pause' ? 'pause' : 'play'} onClick={() => setAsked(change)}>
          {NAMES[change]}
        </Button>
      )}
      {mayRetry && (
        <>
          <Button icon="rotate-cw" onClick={() => setShown('failed')}>
            Recover failed
          </Button>
          <Button icon="inbox" onClick={() => setShown('missing')}>
            Send missed
          </Button>
        </>
      )}
      {asked && (
        <ChangeState
          project={project}
          endpoint={endpoint}
          change={asked}
          onClose={() => setAsked(undefined)}
          onChange={onChange}
        />
      )}
      {shown === 'test' && (
        <Suspense>
          <Test endpoint={endpoint} onClose={close} />
        </Suspense>
      )}
      {(shown === 'failed' || shown === 'missing') && (
        <Recover
          project={project}
          filter={{ what: shown, endpoint: endpoint.id }}
          title={shown === 'failed' ? 'Recover what failed' : 'Send what it missed'}
          explanation={
            shown === 'failed'
              ? 'Each event that was given up, and not sent again since, is sent once more.'
              : 'Each event that fits what the endpoint subscribes to now, and was never sent to it, is sent.'
          }
          onClose={close}
          onStarted={() => tell('Started. The endpoint shows how far it is.')}
        />
      )}
    </>
  );
}

const NAMES: Partial<Record<Change, string>> = { pause: 'Pause', resume: 'Resume', enable: 'Enable' };

/** An endpoint that the service has disabled is enabled by the service alone. */
function nextChange({ status, disabledBy }: Endpoint): Change | undefined {
  if (status === 'active') return 'pause';
  if (status === 'paused') return 'resume';
  return disabledBy === 'project' ? undefined : 'enable';
}
