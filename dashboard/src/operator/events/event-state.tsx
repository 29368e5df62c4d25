import type { EventSummary } from '../../../../sdk/typescript/src/models.ts';
import { Handled } from '../../delivery/delivery-state.tsx';
import table from '../../kit/lists/table.module.css';
import { State, StateOf } from '../../kit/status/state.tsx';
import { useNow } from '../../kit/time/clock.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { countsOf, stateOf } from './event-summary-state.ts';
import css from './events.module.css';

/** The state of an event; what became of its deliveries, if they did not all go the same way; and its next attempt. */
export function EventState({ event }: { event: EventSummary }) {
  const state = stateOf(event);
  const counts = countsOf(event);
  return (
    <span className={css.state}>
      {state === 'resent' || state === 'dismissed' ? <Handled as={state} /> : <StateOf status={state} />}
      {event.test && (
        <State tone="info" icon="activity">
          test
        </State>
      )}
      {state === 'retrying' && event.nextAttemptAt && <NextAttempt at={event.nextAttemptAt} />}
      {(counts.length > 1 || event.deliveryCount > 1) && (
        <span className={table.muted}>{counts.map(([n, word]) => `${n} ${word}`).join(' · ')}</span>
      )}
    </span>
  );
}

function NextAttempt({ at }: { at: string }) {
  const now = useNow(1_000);
  return (
    <span className={table.muted}>
      {Date.parse(at) > now ? (
        <>
          next attempt <Moment at={at} />
        </>
      ) : (
        'next attempt is due'
      )}
    </span>
  );
}
