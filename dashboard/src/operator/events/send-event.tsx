import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { AcceptedEvent } from '../../../../sdk/typescript/src/models.ts';
import { curlPost } from '../../api/curl-call.ts';
import { bodyOfEvent, postEvent } from '../../api/post-event.ts';
import { errorAt, FormProblem } from '../../api/problem.tsx';
import { useExample, useKnownTypes } from '../../catalogue/known-types.ts';
import { TypeField } from '../../catalogue/type-field.tsx';
import { JsonField } from '../../json-view/json-field.tsx';
import { isUsableJson } from '../../json-view/json-problem.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { tell } from '../../kit/status/toast.tsx';

/** What is offered where there is no catalogue. */
const FIRST = { type: 'order.paid', data: '{\n  "order": 17\n}' };

type SendEventProps = {
  project: string;
  onClose: () => void;
  /** Undefined: it leads to the event. */
  onSent?: (event: AcceptedEvent) => void;
};

/** Posts an event, as the producer's program would. */
export function SendEvent({ project, onClose, onSent }: SendEventProps) {
  const { known } = useKnownTypes(project);
  const [chosen, setType] = useState<string>();
  const [consumer, setConsumer] = useState('');
  const [written, setData] = useState<string>();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const type = chosen ?? (known.find(({ hasExample }) => hasExample) ?? known[0] ?? FIRST).type;
  const example = useExample(project, type, known);
  const data = written ?? example ?? (type === FIRST.type ? FIRST.data : '{}');
  const send = useMutation({
    mutationFn: () => postEvent(project, { type: type.trim(), consumer: consumer.trim(), data }),
    onSuccess: async (accepted) => {
      await queryClient.invalidateQueries({ queryKey: [project, 'events'] });
      if (accepted.status === 'unrouted') tell('Stored, but it went to no endpoint.', 'info');
      else tell('Sent.');
      if (onSent) return onSent(accepted);
      await navigate({
        to: '/p/$project/events/$event',
        params: { project, event: accepted.id },
        search: {},
      });
    },
  });
  return (
    <Dialog title="Send an event" onClose={onClose} wide>
      <FormProblem error={send.error} fields={['/type', '/consumer', '/data']} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isUsableJson(data) && !send.isPending) send.mutate();
        }}
      >
        <TypeField
          label="Type"
          hint="Any name, such as order.paid: every endpoint that subscribes to it gets the event."
          known={known}
          error={errorAt(send.error, '/type')}
          value={type}
          onChange={setType}
        />
        <TextField
          label="Consumer"
          hint="Only the endpoints of this customer get it. Empty: only those of no customer."
          error={errorAt(send.error, '/consumer')}
          value={consumer}
          onChange={setConsumer}
        />
        <JsonField
          label="Data"
          hint="JSON. It is sent byte for byte."
          error={send.error}
          pointer="/data"
          value={data}
          onChange={setData}
        />
        <DialogActions>
          <CopyButton
            text={curlPost('/v1/events', bodyOfEvent({ type, consumer, data }))}
            what="the call as a curl command"
            label="Copy as curl"
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" icon="send" busy={send.isPending}>
            Send it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
