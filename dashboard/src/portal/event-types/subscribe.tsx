import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { matchesType, toggled } from '../../catalogue/type-groups.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { Check } from '../../kit/fields/field.tsx';
import { SkeletonRows } from '../../kit/layout/page.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { project } from '../address.ts';

type SubscribeProps = { type: string; onClose: () => void; onNew: () => void };

/** Which endpoints get the event. Each tick is saved at once. */
export function Subscribe({ type, onClose, onNew }: SubscribeProps) {
  const { data } = useQuery(endpointsQuery(project, {}));
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: ({ endpoint, isOn }: { endpoint: Endpoint; isOn: boolean }) =>
      clientOf(project).endpoints.update(endpoint.id, { events: toggled(endpoint.events, type, isOn) }),
    onSuccess: async (_saved, { isOn }) => {
      tell(isOn ? 'Subscribed.' : 'No longer subscribed.');
      await queryClient.invalidateQueries({ queryKey: [project] });
    },
  });
  const endpoints = data?.items ?? [];
  return (
    <Dialog title={`Who gets ${type}?`} onClose={onClose}>
      {!data && <SkeletonRows rows={2} />}
      {save.error && <Problem error={save.error} />}
      {data && endpoints.length === 0 && <p>There is no endpoint yet.</p>}
      {endpoints.map((endpoint) => {
        const wider = endpoint.events.find((pattern) => pattern !== type && matchesType(pattern, type));
        const isOnly = endpoint.events.length === 1 && endpoint.events[0] === type;
        return (
          <Check
            key={endpoint.id}
            label={endpoint.url}
            fixed={fixedBy(wider, isOnly)}
            checked={wider !== undefined || endpoint.events.includes(type)}
            onChange={(isOn) => save.mutate({ endpoint, isOn })}
          />
        );
      })}
      <DialogActions>
        <Button icon="plus" onClick={onNew}>
          Add an endpoint for it
        </Button>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Why a tick cannot be taken away here. */
function fixedBy(wider: string | undefined, isOnly: boolean): string | undefined {
  if (wider !== undefined) return wider === '*' ? 'It gets all events.' : `It gets all of ${wider}.`;
  return isOnly ? 'It is the only event that it gets.' : undefined;
}
