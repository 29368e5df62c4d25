import { useMutation } from '@tanstack/react-query';
import type { Endpoint } from '../../../sdk/typescript/src/models.ts';
import { clientOf } from '../api/client.ts';
import { CallDialog } from '../frame/call-dialog.tsx';
import { tell } from '../kit/status/toast.tsx';

export type Change = 'pause' | 'resume' | 'disable' | 'enable';

/** What becomes of the deliveries that are open. */
const CONSEQUENCES: Record<Change, { title: string; text: string; done: string }> = {
  pause: {
    title: 'Pause',
    text: 'Deliveries that are due wait, and use no attempt. An attempt under way ends as it ends. Nothing is lost.',
    done: 'Paused.',
  },
  resume: { title: 'Resume', text: 'Everything that waited is due now.', done: 'Resumed.' },
  disable: {
    title: 'Disable',
    text: 'Deliveries wait, as in a pause, until the endpoint is enabled.',
    done: 'Disabled.',
  },
  enable: { title: 'Enable', text: 'Everything that waited is due now.', done: 'Enabled.' },
};

type ChangeStateProps = {
  project: string;
  endpoint: Endpoint;
  change: Change;
  onClose: () => void;
  onChange: () => Promise<void>;
};

/** Says what becomes of the open deliveries, and then changes the state. */
export function ChangeState({ project, endpoint, change, onClose, onChange }: ChangeStateProps) {
  const { title, text, done } = CONSEQUENCES[change];
  const act = useMutation({
    mutationFn: () => clientOf(project).endpoints[change](endpoint.id),
    onSuccess: async () => {
      onClose();
      tell(done);
      await onChange();
    },
  });
  return (
    <CallDialog
      title={`${title} this endpoint?`}
      call={act}
      label={`${title} it`}
      cancel="Leave it"
      onClose={onClose}
    >
      <p>
        {text}
        {change === 'disable' && endpoint.consumer !== null && ' Its consumer cannot enable it.'}
      </p>
    </CallDialog>
  );
}
