import { lazy } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { useMay } from '../../api/session.ts';
import type { Change } from '../../endpoint/change-state.tsx';
import { EndpointActs } from '../../endpoint/endpoint-acts.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { project } from '../address.ts';

/** With what shows a response, it is loaded when it is asked for. */
const Test = lazy(async () => ({ default: (await import('./test.tsx')).Test }));

type ActionsProps = { endpoint: Endpoint; onChange: () => Promise<void> };

/** What the session lets its customer do with an endpoint. */
export function Actions({ endpoint, onChange }: ActionsProps) {
  const mayChange = useMay('endpoints');
  const mayTest = useMay('test');
  const mayRetry = useMay('retry');
  return (
    <EndpointActs
      project={project}
      endpoint={endpoint}
      onChange={onChange}
      changes={mayChange ? changesOf(endpoint) : []}
      test={mayTest && ((onClose) => <Test endpoint={endpoint} onClose={onClose} />)}
      recover={
        mayRetry && {
          failed: 'Each event that was given up, and not sent again since, is sent once more.',
          missing:
            'Each event that fits what the endpoint subscribes to now, and was never sent to it, is sent.',
          onStarted: () => tell('Started. The endpoint shows how far it is.'),
        }
      }
    />
  );
}

/** An endpoint that the service has disabled is enabled by the service alone. */
function changesOf({ status, disabledBy }: Endpoint): Change[] {
  if (status === 'active') return ['pause'];
  if (status === 'paused') return ['resume'];
  return disabledBy === 'project' ? [] : ['enable'];
}
