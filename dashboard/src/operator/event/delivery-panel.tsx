import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { useMayChange, useSession } from '../../api/session.ts';
import { stateSentence } from '../../delivery/causes.ts';
import css from '../../delivery/delivery.module.css';
import { isOpen, type Lane, urlOf } from '../../delivery/lane.ts';
import { PolicySteps } from '../../delivery/policy-steps.tsx';
import { Resend } from '../../delivery/resend.tsx';
import { ChangeState } from '../../endpoint/change-state.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { StateOf } from '../../kit/status/state.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { RecoveryLink } from '../recoveries/recovery-link.tsx';

/** What makes a held delivery go on. */
const RELEASES: Record<string, 'resume' | 'enable'> = {
  endpoint_paused: 'resume',
  endpoint_disabled: 'enable',
};

type DeliveryPanelProps = { project: string; event: Event; lane: Lane; onChange: () => void };

export function DeliveryPanel({ project, event, lane, onChange }: DeliveryPanelProps) {
  const { delivery, details, endpoint } = lane;
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'resume' | 'enable'>();
  const isPlanned =
    isOpen(delivery) && delivery.nextAttemptAt !== null && Date.parse(delivery.nextAttemptAt) > Date.now();
  // What waits for its schedule has nothing to say but when.
  const sentence = isPlanned && delivery.waitingFor === 'schedule' ? '' : stateSentence(delivery);
  const release = RELEASES[delivery.waitingFor ?? ''];
  return (
    <div className={css.delivery}>
      <div className={css.line}>
        <p className={css.sentence}>
          {sentence}{' '}
          {isPlanned && (
            <>
              The next attempt is planned <Moment at={delivery.nextAttemptAt!} />.
            </>
          )}
          {delivery.dismissedAt && ' Dismissed: nobody will fix it.'}
        </p>
        {mayChange && release && endpoint && (
          <Button icon="play" onClick={() => setAsked(release)}>
            {release === 'resume' ? 'Resume the endpoint' : 'Enable the endpoint'}
          </Button>
        )}
        {mayChange && (
          <Resend
            project={project}
            delivery={delivery}
            onChange={onChange}
            onResent={(id) => navigate({ to: '.', search: { delivery: id }, resetScroll: false })}
          />
        )}
      </div>
      <dl className={css.pairs}>
        <dt>Endpoint</dt>
        <dd>
          {endpoint ? (
            <>
              <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: endpoint.id }}>
                {endpoint.url}
              </Link>{' '}
              {endpoint.status !== 'active' && <StateOf status={endpoint.status} />}
            </>
          ) : (
            <span>{urlOf(event, lane)}</span>
          )}
        </dd>
        <dt>Delivery</dt>
        <dd className={css.id}>
          <code>{delivery.id}</code>
          <CopyButton text={delivery.id} what="the id of the delivery" />
        </dd>
        {details && (
          <>
            <dt>Policy</dt>
            <dd>
              <PolicySteps details={details} />
            </dd>
          </>
        )}
        <Related event={event} delivery={delivery} project={project} />
        <Workflow delivery={delivery} />
      </dl>
      {asked && endpoint && (
        <ChangeState
          project={project}
          endpoint={endpoint}
          change={asked}
          onClose={() => setAsked(undefined)}
          onChange={async () => onChange()}
        />
      )}
    </div>
  );
}

function Related({
  event,
  delivery,
  project,
}: {
  event: Event;
  delivery: Lane['delivery'];
  project: string;
}) {
  const link = (id: string) => (
    <Link
      to="/p/$project/events/$event"
      params={{ project, event: event.id }}
      search={{ delivery: id }}
      resetScroll={false}
    >
      <code>{id}</code>
    </Link>
  );
  return (
    <>
      {delivery.replayOf && (
        <>
          <dt>Resend of</dt>
          <dd>{link(delivery.replayOf)}</dd>
        </>
      )}
      {delivery.recovery && (
        <>
          <dt>Sent by</dt>
          <dd>
            <RecoveryLink project={project} recovery={delivery.recovery} />
          </dd>
        </>
      )}
      {delivery.replayedBy && (
        <>
          <dt>Resent as</dt>
          <dd>{link(delivery.replayedBy)}</dd>
        </>
      )}
    </>
  );
}

function Workflow({ delivery: { workflow } }: { delivery: Lane['delivery'] }) {
  const { temporalUiUrl } = useSession();
  if (workflow.id === null) return null;
  return (
    <>
      <dt>Workflow</dt>
      <dd className={css.id}>
        {workflow.url && /^https?:/.test(workflow.url) ? (
          <a href={workflow.url} target="_blank" rel="noreferrer">
            <code>{workflow.id}</code> <Icon name="external-link" size={12} />
          </a>
        ) : (
          <>
            <code>{workflow.id}</code>
            <span className={css.note}>
              {temporalUiUrl === null ? '' : 'Temporal no longer keeps it, or does not answer'}
            </span>
          </>
        )}
      </dd>
    </>
  );
}
