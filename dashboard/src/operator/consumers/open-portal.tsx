import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../../api/client.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
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
    <CallDialog
      title="Open the portal as this customer"
      call={create}
      label="Make a link to look"
      icon="external-link"
      onClose={onClose}
    >
      {note}
    </CallDialog>
  );
}
