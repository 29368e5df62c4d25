import { lazy, type ReactNode, Suspense } from 'react';
import type { Attempt, Endpoint } from '../../../sdk/typescript/src/models.ts';
import { causeOf } from '../delivery/causes.ts';
import { Moment } from '../kit/time/moment.tsx';
import { duration } from '../kit/time/time.ts';
import { Notes } from './notes.tsx';

// Few endpoints have certificates.
const ExpiryNotes = lazy(async () => ({
  default: (await import('./tls/tls-values.tsx')).ExpiryNotes,
}));

type HealthNotesProps = {
  endpoint: Endpoint;
  /** What those are called who may disable it. */
  owners: Record<'project' | 'consumer', string>;
};

/** One sentence for each thing that is wrong. Nothing, if all is well. */
export function HealthNotes({ endpoint, owners }: HealthNotesProps) {
  const { health, status, disabledReason, disabledBy, withheld, slowSince, slowCause } = endpoint;
  const notes: ReactNode[] = [];
  if (status === 'paused') notes.push('Paused: deliveries that are due wait until it is resumed.');
  if (status === 'disabled') {
    const automatically = {
      gone: 'Disabled automatically, because it answered 410. Its open deliveries were ended, and it gets no new events until it is enabled; then send it what it missed.',
      failing:
        'Disabled automatically, because it failed for a long time. Deliveries wait until it is enabled.',
    };
    notes.push(
      disabledReason
        ? automatically[disabledReason]
        : `Disabled by ${owners[disabledBy ?? 'project']}. Deliveries wait until it is enabled.`,
    );
  }
  if (status === 'active' && withheld === 'plan')
    notes.push('Its deliveries are held: the plan does not include webhooks.');
  if (health.failuresInARow > 0 && health.firstFailureAt) {
    notes.push(
      <>
        {health.failuresInARow === 1
          ? 'The last attempt failed'
          : `The last ${health.failuresInARow} attempts failed, the first of them`}{' '}
        <Moment at={health.firstFailureAt} />.
      </>,
    );
  }
  if (health.nextProbeAt) {
    notes.push(
      <>
        Cooling down: it gets only probes, the next one <Moment at={health.nextProbeAt} />.
      </>,
    );
  }
  if (health.retryAfter) {
    notes.push(
      <>
        It asked for no requests until <Moment at={health.retryAfter} />.
      </>,
    );
  }
  if (health.spacingMs) notes.push(`It answered 429: one request each ${duration(health.spacingMs)}.`);
  if (slowSince) {
    notes.push(
      <>
        Slow since <Moment at={slowSince} />, when {slowWords(slowCause)}. Few requests to it run at once, so
        that others do not wait for it.
      </>,
    );
  }
  return (
    <>
      <Notes notes={notes} />
      {endpoint.tls && (
        <Suspense>
          <ExpiryNotes tls={endpoint.tls} />
        </Suspense>
      )}
    </>
  );
}

function slowWords(cause: string | null): string {
  if (cause === null || cause === 'slow') return 'it took long to answer';
  return `it ${causeOf({ outcome: cause as Attempt['outcome'], statusCode: null })}`;
}
