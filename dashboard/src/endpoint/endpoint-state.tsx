import type { Endpoint } from '../../../sdk/typescript/src/models.ts';
import { State, StateOf } from '../kit/status/state.tsx';

/** The state that its owner gave it; if it is active, also how it answers. */
export function EndpointState({ endpoint }: { endpoint: Endpoint }) {
  if (endpoint.status !== 'active') return <StateOf status={endpoint.status} />;
  if (endpoint.health.status === 'failing') return <StateOf status="failing" />;
  if (endpoint.health.status === 'cooling_down') {
    return (
      <State tone="bad" icon="timer-off">
        cooling down
      </State>
    );
  }
  return <StateOf status="active" />;
}
