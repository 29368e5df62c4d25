import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { adviceOf } from '../../delivery/causes.ts';
import { type Change, ChangeState } from '../../endpoint/change-state.tsx';
import { Recover } from '../../endpoint/recover.tsx';
import { TestEndpoint } from '../../endpoint/test-endpoint.tsx';
import { Button } from '../../kit/buttons/button.tsx';

type EndpointActionsProps = { project: string; endpoint: Endpoint; onChange: () => Promise<void> };

export function EndpointActions({ project, endpoint, onChange }: EndpointActionsProps) {
  const [asked, setAsked] = useState<Change>();
  const [shown, setShown] = useState<'test' | 'failed' | 'missing'>();
  const navigate = useNavigate();
  const isPaused = endpoint.status === 'paused';
  return (
    <>
      <Button kind="primary" icon="send" onClick={() => setShown('test')}>
        Test
      </Button>
      {endpoint.status === 'disabled' ? (
        <Button icon="play" onClick={() => setAsked('enable')}>
          Enable
        </Button>
      ) : (
        <>
          <Button icon={isPaused ? 'play' : 'pause'} onClick={() => setAsked(isPaused ? 'resume' : 'pause')}>
            {isPaused ? 'Resume' : 'Pause'}
          </Button>
          <Button icon="ban" onClick={() => setAsked('disable')}>
            Disable
          </Button>
        </>
      )}
      <Button icon="rotate-cw" onClick={() => setShown('failed')}>
        Recover failed
      </Button>
      <Button icon="inbox" onClick={() => setShown('missing')}>
        Send missed
      </Button>
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
        <TestEndpoint
          project={project}
          endpoint={endpoint}
          onClose={() => setShown(undefined)}
          onSent={onChange}
          advice={adviceOf}
          link={({ event }) => (
            <Link to="/p/$project/events/$event" params={{ project, event }} search={{}}>
              Look at the request and the response
            </Link>
          )}
        />
      )}
      {(shown === 'failed' || shown === 'missing') && (
        <Recover
          project={project}
          filter={{ what: shown, endpoint: endpoint.id }}
          title={shown === 'failed' ? 'Recover what failed' : 'Send what it missed'}
          explanation={
            shown === 'failed'
              ? 'Each undeliverable delivery that was neither resent nor dismissed is sent again, with all its attempts.'
              : 'Each event that fits what the endpoint subscribes to now, and that never went to it, is sent.'
          }
          onClose={() => setShown(undefined)}
          onStarted={({ id: recovery }) =>
            navigate({ to: '/p/$project/recoveries/$recovery', params: { project, recovery } })
          }
        />
      )}
    </>
  );
}
