import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { EventType } from '../../../../sdk/typescript/src/models.ts';
import { curlPost } from '../../api/curl-call.ts';
import { bodyOfEvent, postEvent } from '../../api/post-event.ts';
import { errorAt, Problem } from '../../api/problem.tsx';
import { eventTypesQuery } from '../../api/queries.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { tell } from '../../kit/status/toast.tsx';

/** Posts an event, as the producer's program would. */
export function SendEvent({ project, onClose }: { project: string; onClose: () => void }) {
  const { data: types } = useQuery(eventTypesQuery(project));
  const [type, setType] = useState('');
  const [consumer, setConsumer] = useState('');
  const [data, setData] = useState('{}');
  const [isEdited, setEdited] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const queryClient = useQueryClient();

  const chooseType = (name: string): void => {
    setType(name);
    const found = types?.find((entry) => entry.type === name);
    if (found && !isEdited) setData(exampleOf(found));
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const accepted = await postEvent(project, { type, consumer, data });
      await queryClient.invalidateQueries({ queryKey: [project, 'events'] });
      if (accepted.status === 'unrouted') tell('Stored, but it went to no endpoint.', 'info');
      else tell('Sent.');
      await navigate({
        to: '/p/$project/events/$event',
        params: { project, event: accepted.id },
        search: {},
      });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Send an event" onClose={onClose} wide>
      {error !== undefined && <Problem error={error} />}
      <form onSubmit={(event) => void submit(event)}>
        <Field label="Type" error={errorAt(error, '/type')}>
          {(control) => (
            <input
              {...control}
              required
              list="event-types"
              autoComplete="off"
              value={type}
              onChange={(event) => chooseType(event.target.value)}
            />
          )}
        </Field>
        <datalist id="event-types">
          {types?.map((entry) => (
            <option key={entry.type} value={entry.type}>
              {entry.description}
            </option>
          ))}
        </datalist>
        <Field
          label="Consumer"
          hint="Only the endpoints of this customer get it. Empty: only those of no customer."
          error={errorAt(error, '/consumer')}
        >
          {(control) => (
            <input {...control} value={consumer} onChange={(event) => setConsumer(event.target.value)} />
          )}
        </Field>
        <Field label="Data" hint="JSON. It is sent byte for byte." error={errorAt(error, '/data')}>
          {(control) => (
            <textarea
              {...control}
              spellCheck={false}
              value={data}
              onChange={(event) => {
                setData(event.target.value);
                setEdited(true);
              }}
            />
          )}
        </Field>
        <DialogActions>
          <CopyButton
            text={curlPost('/v1/events', bodyOfEvent({ type, consumer, data }))}
            what="the call as a curl command"
            label="Copy as curl"
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" icon="send" busy={busy}>
            Send it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const exampleOf = ({ example }: EventType): string =>
  example === null ? '{}' : JSON.stringify(example, null, 2);
