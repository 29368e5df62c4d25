import { useQuery } from '@tanstack/react-query';
import { type ComponentProps, useState } from 'react';
import { endpointsQuery } from '../api/queries.ts';
import { useSession } from '../api/session.ts';
import { TestEndpoint } from '../endpoint/test/test-endpoint.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../kit/dialogs/dialog.tsx';
import { Field } from '../kit/fields/field.tsx';
import { SkeletonRows } from '../kit/layout/page.tsx';
import { matchesType } from './type-groups.ts';

type SendTestProps = { project: string; type: string; onClose: () => void } & Pick<
  ComponentProps<typeof TestEndpoint>,
  'advice' | 'stateWord' | 'link'
>;

/** Chooses an endpoint, those that subscribe first; then the test is that of an endpoint. */
export function SendTest({ project, type, onClose, ...answer }: SendTestProps) {
  const { data } = useQuery(endpointsQuery(project, {}));
  // A customer knows whose endpoints these are.
  const namesConsumers = useSession().kind !== 'consumer';
  const [chosen, setChosen] = useState('');
  const [isSending, setSending] = useState(false);
  const subscribes = (events: string[]): boolean => events.some((pattern) => matchesType(pattern, type));
  const endpoints = (data?.items ?? []).toSorted(
    (a, b) => Number(subscribes(b.events)) - Number(subscribes(a.events)),
  );
  const endpoint = endpoints.find(({ id }) => id === chosen) ?? endpoints[0];
  if (isSending && endpoint) {
    return (
      <TestEndpoint
        project={project}
        endpoint={endpoint}
        type={type}
        onClose={onClose}
        onSent={async () => {}}
        {...answer}
      />
    );
  }
  return (
    <Dialog title={`Send ${type} as a test`} onClose={onClose}>
      {!data && <SkeletonRows rows={2} />}
      {data && endpoints.length === 0 && <p>There is no endpoint yet that could get it.</p>}
      {endpoints.length > 0 && (
        <Field label="Endpoint" hint="It gets the example, even if it does not subscribe to the type.">
          {(control) => (
            <select {...control} value={endpoint?.id} onChange={(change) => setChosen(change.target.value)}>
              {endpoints.map(({ id, url, events, consumer }) => (
                <option key={id} value={id}>
                  {[url, namesConsumers && consumer, subscribes(events) ? null : 'not subscribed']
                    .filter(Boolean)
                    .join(' · ')}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={!endpoint} onClick={() => setSending(true)}>
          Go on
        </Button>
      </DialogActions>
    </Dialog>
  );
}
