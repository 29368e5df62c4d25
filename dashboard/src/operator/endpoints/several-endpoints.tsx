import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { messageOf } from '../../api/problem.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { type Selection, SelectionBar } from '../../kit/lists/selection.tsx';
import { counted } from '../../kit/text/counted.ts';
import { shortUrl } from '../../kit/text/short-url.ts';
import { ACTS, type Act, actOn } from './act-on-endpoints.ts';

type SeveralEndpointsProps = { project: string; endpoints: Endpoint[]; selection: Selection };

/** Tests, pauses or resumes the endpoints that are selected, after asking. */
export function SeveralEndpoints({ project, endpoints, selection }: SeveralEndpointsProps) {
  const [asked, setAsked] = useState<Act>();
  const close = (): void => setAsked(undefined);
  return (
    <SelectionBar label="Selected endpoints" selection={selection}>
      <Button icon="send" onClick={() => setAsked('test')}>
        Test
      </Button>
      <Button icon="pause" onClick={() => setAsked('pause')}>
        Pause
      </Button>
      <Button icon="play" onClick={() => setAsked('resume')}>
        Resume
      </Button>
      {asked && <Confirm project={project} endpoints={endpoints} act={asked} onClose={close} />}
    </SelectionBar>
  );
}

type ConfirmProps = { project: string; endpoints: Endpoint[]; act: Act; onClose: () => void };

function Confirm({ project, endpoints, act, onClose }: ConfirmProps) {
  const queryClient = useQueryClient();
  const { title, text } = ACTS[act];
  const run = useMutation({
    mutationFn: () => actOn(clientOf(project), act, endpoints),
    onSettled: () => queryClient.invalidateQueries({ queryKey: [project] }),
  });
  const count = counted(endpoints.length, 'endpoint');
  return (
    <Dialog title={`${title} ${count}?`} onClose={onClose} wide>
      <p>{text}</p>
      {run.error && <p role="alert">{messageOf(run.error)}</p>}
      <ul aria-live="polite">
        {endpoints.map(({ id, url }) => (
          <li key={id}>
            {shortUrl(url)}
            {run.data && <strong> · {run.data.get(id) ?? 'left out'}</strong>}
          </li>
        ))}
      </ul>
      <DialogActions>
        <Button onClick={onClose}>{run.data ? 'Close' : 'Leave them'}</Button>
        {!run.data && (
          <Button kind="primary" busy={run.isPending} onClick={() => run.mutate()}>
            {`${title} ${count}`}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
