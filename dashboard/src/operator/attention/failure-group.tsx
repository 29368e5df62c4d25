import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { messageOf, Problem } from '../../api/problem.tsx';
import { endpointQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { adviceOf, causeOf } from '../../delivery/causes.ts';
import { Recover } from '../../endpoint/recover.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { StateOf } from '../../kit/status/state.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { shortUrl } from '../../kit/text/short-url.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { AttemptNow } from './attempt-now.tsx';
import css from './attention.module.css';
import { filterOf } from './group-filter.ts';
import { Samples } from './samples.tsx';

type FailureGroupProps = { project: string; group: FailureGroup; onChange: () => void };

/** Deliveries that fail for one reason at one endpoint: they are looked at, resent and dismissed together. */
export function FailureGroupRow({ project, group, onChange }: FailureGroupProps) {
  const [isOpen, setOpen] = useState(false);
  const { data: endpoint } = useQuery({
    ...endpointQuery(project, group.endpoint ?? ''),
    enabled: group.endpoint !== null,
  });
  const cause = group.outcome === null ? 'made no attempt' : causeOf({ ...group, outcome: group.outcome });
  const advice = group.outcome === null ? undefined : adviceOf({ ...group, outcome: group.outcome });
  const name = endpoint?.url ?? group.endpoint ?? 'the own targets of events';
  return (
    <section className={css.group} data-row="" aria-label={`${name} ${cause}`}>
      <div className={css.head}>
        <div className={css.what}>
          <h2>
            {group.endpoint === null ? (
              name
            ) : (
              <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: group.endpoint }}>
                {shortUrl(name)}
              </Link>
            )}{' '}
            <span className={css.cause}>{cause}</span>
          </h2>
          <p className={css.figures}>
            <StateOf status={group.state} />
            {group.errorCode && <code>{group.errorCode}</code>}
            {endpoint?.consumer && <span>of {endpoint.consumer}</span>}
            <span>
              <strong>{group.deliveries.toLocaleString()}</strong>{' '}
              {group.deliveries === 1 ? 'delivery' : 'deliveries'} of {group.events.toLocaleString()}{' '}
              {group.events === 1 ? 'event' : 'events'}
            </span>
            <span>
              first <Moment at={group.firstAt} />
            </span>
            <span>
              last <Moment at={group.lastAt} />
            </span>
            {group.nextAttemptAt && Date.parse(group.nextAttemptAt) > Date.now() && (
              <span>
                next attempt <Moment at={group.nextAttemptAt} />
              </span>
            )}
          </p>
          {advice && <p className={css.advice}>{advice}</p>}
        </div>
        <Acts project={project} group={group} endpointStatus={endpoint?.status} onChange={onChange} />
      </div>
      <button type="button" className={css.more} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Hide the samples' : 'Show samples'}
      </button>
      {isOpen && <Samples project={project} group={group} />}
    </section>
  );
}

type ActsProps = FailureGroupProps & { endpointStatus: string | undefined };

function Acts({ project, group, endpointStatus, onChange }: ActsProps) {
  const [asked, setAsked] = useState<'resend' | 'dismiss' | 'pause'>();
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const filter = filterOf(group);
  const dismiss = useMutation({
    mutationFn: () => clientOf(project).dismissals.create({ filter }),
    onSuccess: ({ dismissed, complete }) => {
      setAsked(undefined);
      tell(
        `Dismissed ${dismissed.toLocaleString()}.${complete ? '' : ' There are more: dismiss once again.'}`,
      );
      onChange();
    },
  });
  const pause = useMutation({
    mutationFn: () => clientOf(project).endpoints.pause(group.endpoint!),
    onSuccess: () => {
      setAsked(undefined);
      tell('Paused: its deliveries wait.');
      onChange();
    },
    onError: (error) => tell(messageOf(error), 'bad'),
  });
  if (!mayChange) return null;
  return (
    <div className={css.acts}>
      {group.state === 'undeliverable' && (
        <>
          <Button kind="primary" icon="rotate-cw" onClick={() => setAsked('resend')}>
            Resend all
          </Button>
          <Button onClick={() => setAsked('dismiss')}>Dismiss</Button>
        </>
      )}
      {group.state === 'retrying' && (
        <AttemptNow project={project} group={group} filter={filter} onChange={onChange} />
      )}
      {group.endpoint !== null && endpointStatus === 'active' && (
        <Button icon="pause" onClick={() => setAsked('pause')}>
          Pause endpoint
        </Button>
      )}
      {asked === 'resend' && (
        <Recover
          project={project}
          filter={{ what: 'failed', ...filter }}
          title="Resend all of this group"
          explanation="Each delivery is sent again as a new one, with all its attempts. The oldest goes first."
          onClose={() => setAsked(undefined)}
          onStarted={({ id: recovery }) =>
            navigate({ to: '/p/$project/recoveries/$recovery', params: { project, recovery } })
          }
        />
      )}
      {asked === 'dismiss' && (
        <Dialog title="Dismiss this group?" onClose={() => setAsked(undefined)}>
          <p>
            {group.deliveries.toLocaleString()}{' '}
            {group.deliveries === 1 ? 'delivery stays' : 'deliveries stay'} undeliverable, and{' '}
            {group.deliveries === 1 ? 'leaves' : 'leave'} this list: nobody will fix it. A single one can
            still be resent from its event.
          </p>
          {dismiss.error && <Problem error={dismiss.error} />}
          <DialogActions>
            <Button onClick={() => setAsked(undefined)}>Keep it in the list</Button>
            <Button kind="danger" busy={dismiss.isPending} onClick={() => dismiss.mutate()}>
              Dismiss them
            </Button>
          </DialogActions>
        </Dialog>
      )}
      {asked === 'pause' && (
        <Dialog title="Pause this endpoint?" onClose={() => setAsked(undefined)}>
          <p>All its deliveries that are due wait, and use no attempt, until it is resumed.</p>
          <DialogActions>
            <Button onClick={() => setAsked(undefined)}>Leave it</Button>
            <Button kind="primary" busy={pause.isPending} onClick={() => pause.mutate()}>
              Pause it
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  );
}
