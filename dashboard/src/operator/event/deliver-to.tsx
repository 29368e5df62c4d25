import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { isOpen } from '../../delivery/lane.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { suggestedEndpoints } from './suggested-endpoints.ts';
import { useDeliverTo } from './use-deliver-to.ts';

type DeliverToProps = { project: string; event: Event; onClose: () => void; onDone: () => void };

/** Sends the event to one more endpoint, whatever that subscribed to. */
export function DeliverTo({ project, event, onClose, onDone }: DeliverToProps) {
  const { data } = useQuery(
    endpointsQuery(project, event.consumer === null ? {} : { consumer: event.consumer }),
  );
  const [endpoint, setEndpoint] = useState('');
  // The API refuses the endpoints of others, and those to which the event is on its way.
  const open = new Set(event.deliveries.filter(isOpen).map((delivery) => delivery.endpoint));
  const possible = suggestedEndpoints(event, data?.items ?? []).filter(
    ({ endpoint: { id } }) => !open.has(id),
  );
  const send = useDeliverTo(project, event.id, () => {
    onClose();
    onDone();
  });
  return (
    <CallDialog
      title={event.deliveryCount === 0 ? 'Send to an endpoint' : 'Send to another endpoint'}
      call={{ ...send, mutate: () => send.mutate(endpoint) }}
      label="Send it"
      icon="send"
      disabled={endpoint === ''}
      onClose={onClose}
    >
      <Field label="Endpoint" hint="It gets the event even if it did not subscribe to its type.">
        {(control) => (
          <select {...control} value={endpoint} onChange={(change) => setEndpoint(change.target.value)}>
            <option value="">Choose one</option>
            {possible.map(({ endpoint: { id, url } }) => (
              <option key={id} value={id}>
                {url}
              </option>
            ))}
          </select>
        )}
      </Field>
      {data && possible.length === 0 && (
        <p>
          No endpoint{event.consumer === null ? ' without a consumer' : ` of “${event.consumer}”`} can get it:
          there is none, or it is on its way to each.
        </p>
      )}
    </CallDialog>
  );
}
