import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import css from './consumers.module.css';
import { LinkMade } from './link-made.tsx';

type OpenPortalProps = { project: string; consumer: string; onClose: () => void };

/** The portal as the customer sees it, for someone who only looks. */
export function OpenPortal({ project, consumer, onClose }: OpenPortalProps) {
  const create = useMutation({
    mutationFn: () =>
      clientOf(project).portalLinks.create({
        consumer,
        capabilities: ['view'],
        expiresIn: '1m',
        sessionFor: '15m',
      }),
  });
  const note = (
    <p className={css.viewOnly}>
      <strong>View only.</strong> You see what {consumer} sees, without bodies, for 15 minutes, and can change
      nothing. The session stands in the list of portal sessions as “view only”.
    </p>
  );
  if (create.data) {
    return (
      <LinkMade title={`The portal as ${consumer}, view only`} link={create.data} onClose={onClose}>
        {note}
      </LinkMade>
    );
  }
  return (
    <Dialog title="Open the portal as this customer" onClose={onClose}>
      {note}
      {create.error && <Problem error={create.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" icon="external-link" busy={create.isPending} onClick={() => create.mutate()}>
          Make a link to look
        </Button>
      </DialogActions>
    </Dialog>
  );
}
