import { Link, useNavigate } from '@tanstack/react-router';
import { lazy } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { adviceOf } from '../../delivery/causes.ts';
import type { Change } from '../../endpoint/change-state.tsx';
import { EndpointActs } from '../../endpoint/endpoint-acts.tsx';

/** With what shows a response, it is loaded when it is asked for. */
const TestEndpoint = lazy(async () => ({
  default: (await import('../../endpoint/test/test-endpoint.tsx')).TestEndpoint,
}));

type EndpointActionsProps = { project: string; endpoint: Endpoint; onChange: () => Promise<void> };

export function EndpointActions({ project, endpoint, onChange }: EndpointActionsProps) {
  const navigate = useNavigate();
  return (
    <EndpointActs
      project={project}
      endpoint={endpoint}
      onChange={onChange}
      changes={changesOf(endpoint)}
      test={(onClose) => (
        <TestEndpoint
          project={project}
          endpoint={endpoint}
          onClose={onClose}
          onSent={onChange}
          advice={adviceOf}
          link={({ event }) => (
            <Link to="/p/$project/events/$event" params={{ project, event }} search={{}}>
              Look at the request and the response
            </Link>
          )}
        />
      )}
      recover={{
        failed:
          'Each undeliverable delivery that was neither resent nor dismissed is sent again, with all its attempts.',
        missing:
          'Each event that fits what the endpoint subscribes to now, and that never went to it, is sent.',
        onStarted: ({ id: recovery }) =>
          navigate({ to: '/p/$project/recoveries/$recovery', params: { project, recovery } }),
      }}
    />
  );
}

function changesOf({ status }: Endpoint): Change[] {
  if (status === 'disabled') return ['enable'];
  return [status === 'paused' ? 'resume' : 'pause', 'disable'];
}
