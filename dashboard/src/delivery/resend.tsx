import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Delivery } from '../../../sdk/typescript/src/models.ts';
import { clientOf } from '../api/client.ts';
import { Problem } from '../api/problem.tsx';
import { CallDialog } from '../frame/call-dialog.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { useKeys } from '../kit/keys.ts';
import { tell } from '../kit/status/toast.tsx';
import css from './delivery.module.css';
import { isOpen } from './lane.ts';

type ResendProps = {
  project: string;
  delivery: Delivery;
  /** Who gets it, at the beginning of a sentence. */
  receiver?: string;
  onChange: () => void;
  /** Told of the new delivery. */
  onResent: (id: string) => Promise<void>;
};

/** Sends a delivery again, or brings its next attempt forward; and cancels one that is open. */
export function Resend(props: ResendProps) {
  const { project, delivery, receiver = 'The receiver', onChange, onResent } = props;
  const queryClient = useQueryClient();
  const [asks, setAsks] = useState<'resend' | 'cancel'>();
  const open = isOpen(delivery);
  const act = useMutation({
    mutationFn: (kind: 'resend' | 'cancel') => {
      const { deliveries } = clientOf(project);
      return kind === 'resend' ? deliveries.retry(delivery.id) : deliveries.cancel(delivery.id);
    },
    onSuccess: async (changed, kind) => {
      setAsks(undefined);
      onChange();
      await queryClient.invalidateQueries({ queryKey: [project, 'failures'] });
      tell(
        kind === 'cancel'
          ? 'Cancelled.'
          : open
            ? 'The next attempt starts now.'
            : 'Resent as a new delivery.',
      );
      if (changed.id !== delivery.id) await onResent(changed.id);
    },
  });
  // What arrived already, or is on its way again, arrives twice: that is asked about.
  const isTwice = delivery.status === 'delivered' || delivery.replayedBy !== null;
  const resend = (): void => (isTwice ? setAsks('resend') : act.mutate('resend'));
  useKeys({ r: resend });
  return (
    <>
      <div className={css.actions}>
        <Button icon="rotate-cw" busy={act.isPending} onClick={resend}>
          {open ? 'Attempt now' : 'Resend'}
        </Button>
        {open && (
          <Button kind="danger" icon="ban" onClick={() => setAsks('cancel')}>
            Cancel
          </Button>
        )}
      </div>
      {act.error && !asks && <Problem error={act.error} />}
      {asks && (
        <CallDialog
          title={asks === 'cancel' ? 'Cancel this delivery?' : 'Send it once more?'}
          call={{ ...act, mutate: () => act.mutate(asks) }}
          label={asks === 'cancel' ? 'Cancel the delivery' : 'Send it again'}
          kind={asks === 'cancel' ? 'danger' : 'primary'}
          cancel="Keep it as it is"
          onClose={() => setAsks(undefined)}
        >
          <p>
            {asks === 'cancel'
              ? `No attempt starts any more. ${receiver} does not get this event from this delivery.`
              : delivery.status === 'delivered'
                ? `${receiver} has confirmed this delivery. It gets the same event a second time.`
                : `This delivery was resent already. ${receiver} may get the event twice.`}
          </p>
        </CallDialog>
      )}
    </>
  );
}
