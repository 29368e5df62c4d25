import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { Endpoint, Recovery } from '../../../sdk/typescript/src/models.ts';
import { Button } from '../kit/buttons/button.tsx';
import type { IconName } from '../kit/icons/icon-names.ts';
import type { Change } from './change-state.tsx';

// The dialogs are loaded when they are asked for: the screen is for reading first.
const ChangeState = lazy(async () => ({ default: (await import('./change-state.tsx')).ChangeState }));
const Recover = lazy(async () => ({ default: (await import('./recovery/recover.tsx')).Recover }));

type Act = Change | 'test' | 'failed' | 'missing';

type EndpointActsProps = {
  project: string;
  endpoint: Endpoint;
  onChange: () => Promise<void>;
  /** The changes of its state that are offered. */
  changes: Change[];
  /** The dialog of a test, which may be loaded lazily; without it, none is offered. */
  test?: ((onClose: () => void) => ReactNode) | false;
  /** Without it, no recovery is offered. */
  recover?:
    | {
        /** What is sent again, or for the first time. */
        failed: string;
        missing: string;
        onStarted: (recovery: Recovery) => void | Promise<void>;
      }
    | false;
};

const CHANGES: Record<Change, [name: string, icon: IconName]> = {
  pause: ['Pause', 'pause'],
  resume: ['Resume', 'play'],
  disable: ['Disable', 'ban'],
  enable: ['Enable', 'play'],
};

/** What can be done with an endpoint beside its settings. Each act says first what follows from it. */
export function EndpointActs({ project, endpoint, onChange, changes, test, recover }: EndpointActsProps) {
  const [act, setAct] = useState<Act>();
  const close = (): void => setAct(undefined);
  const change = changes.find((offered) => offered === act);
  return (
    <>
      {test && (
        <Button kind="primary" icon="send" onClick={() => setAct('test')}>
          Send a test
        </Button>
      )}
      {changes.map((offered) => (
        <Button key={offered} icon={CHANGES[offered][1]} onClick={() => setAct(offered)}>
          {CHANGES[offered][0]}
        </Button>
      ))}
      {recover && (
        <>
          <Button icon="rotate-cw" onClick={() => setAct('failed')}>
            Recover failed
          </Button>
          <Button icon="inbox" onClick={() => setAct('missing')}>
            Send missed
          </Button>
        </>
      )}
      <Suspense>
        {change && (
          <ChangeState
            project={project}
            endpoint={endpoint}
            change={change}
            onClose={close}
            onChange={onChange}
          />
        )}
        {act === 'test' && test && test(close)}
        {(act === 'failed' || act === 'missing') && recover && (
          <Recover
            project={project}
            filter={{ what: act, endpoint: endpoint.id }}
            title={act === 'failed' ? 'Recover what failed' : 'Send what it missed'}
            explanation={recover[act]}
            onClose={close}
            onStarted={recover.onStarted}
          />
        )}
      </Suspense>
    </>
  );
}
