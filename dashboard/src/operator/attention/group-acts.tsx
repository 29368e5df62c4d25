import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Endpoint, FailureGroup } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { useMayChange } from '../../api/session.ts';
import { ChangeState } from '../../endpoint/change-state.tsx';
import { Recover } from '../../endpoint/recovery/recover.tsx';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { AttemptNow } from './attempt-now.tsx';
import css from './attention.module.css';
import { filterOf } from './group-filter.ts';

type GroupActsProps = {
  project: string;
  group: FailureGroup;
  /** Undefined until it is known, and for the targets that events name themselves. */
  endpoint: Endpoint | undefined;
  onChange: () => void;
};

/** What can be done with all deliveries of a group at once. */
export function GroupActs({ project, group, endpoint, onChange }: GroupActsProps) {
  const [asked, setAsked] = useState<'resend' | 'dismiss' | 'pause'>();
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const close = (): void => setAsked(undefined);
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
        <AttemptNow project={project} group={group} filter={filterOf(group)} onChange={onChange} />
      )}
      {endpoint?.status === 'active' && (
        <Button icon="pause" onClick={() => setAsked('pause')}>
          Pause endpoint
        </Button>
      )}
      {asked === 'resend' && (
        <Recover
          project={project}
          filter={{ what: 'failed', ...filterOf(group) }}
          title="Resend all of this group"
          explanation="Each delivery is sent again as a new one, with all its attempts. The oldest goes first."
          onClose={close}
          onStarted={({ id: recovery }) =>
            navigate({ to: '/p/$project/recoveries/$recovery', params: { project, recovery } })
          }
        />
      )}
      {asked === 'dismiss' && <Dismiss project={project} group={group} onClose={close} onChange={onChange} />}
      {asked === 'pause' && endpoint && (
        <ChangeState
          project={project}
          endpoint={endpoint}
          change="pause"
          onClose={close}
          onChange={async () => onChange()}
        />
      )}
    </div>
  );
}

type DismissProps = { project: string; group: FailureGroup; onClose: () => void; onChange: () => void };

function Dismiss({ project, group, onClose, onChange }: DismissProps) {
  const dismiss = useMutation({
    mutationFn: () => clientOf(project).dismissals.create({ filter: filterOf(group) }),
    onSuccess: ({ dismissed, complete }) => {
      onClose();
      tell(
        `Dismissed ${dismissed.toLocaleString()}.${complete ? '' : ' There are more: dismiss once again.'}`,
      );
      onChange();
    },
  });
  const isOne = group.deliveries === 1;
  return (
    <CallDialog
      title="Dismiss this group?"
      call={dismiss}
      label={isOne ? 'Dismiss it' : 'Dismiss them'}
      kind="danger"
      cancel="Keep it in the list"
      onClose={onClose}
    >
      <p>
        {group.deliveries.toLocaleString()} {isOne ? 'delivery stays' : 'deliveries stay'} undeliverable, and{' '}
        {isOne ? 'leaves' : 'leave'} this list: nobody will fix {isOne ? 'it' : 'them'}.{' '}
        {isOne ? 'It' : 'Each'} can still be resent from its event.
      </p>
    </CallDialog>
  );
}
