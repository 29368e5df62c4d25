import { useMutation } from '@tanstack/react-query';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { oauthChangesOf } from '../../endpoint/oauth/oauth-draft.ts';
import { tlsOf } from '../../endpoint/tls/tls-draft.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { project } from '../address.ts';
import { EndpointForm, type EndpointInput } from '../endpoint-form/endpoint-form.tsx';
import { headersIn } from '../endpoint-form/header-text.ts';

type EditProps = { endpoint: Endpoint; onClose: () => void; onChange: () => Promise<void> };

export function Edit({ endpoint, onClose, onChange }: EditProps) {
  const save = useMutation({
    mutationFn: ({ url, description, events, headers, dropsHeaders, tls, oauth }: EndpointInput) => {
      const [changedTls, changedOAuth] = [tlsOf(tls), oauthChangesOf(oauth)];
      return clientOf(project).endpoints.update(endpoint.id, {
        url: url.trim(),
        events,
        description: description === '' ? null : description,
        ...(headers.trim() !== '' && { headers: headersIn(headers) }),
        ...(dropsHeaders && { headers: null }),
        ...(changedTls && { tls: changedTls }),
        ...(changedOAuth !== undefined && { oauth: changedOAuth }),
      });
    },
    onSuccess: async () => {
      tell('Saved.');
      onClose();
      await onChange();
    },
  });
  return (
    <Dialog title="Edit the endpoint" onClose={onClose} wide>
      <EndpointForm
        initial={{
          url: endpoint.url,
          description: endpoint.description ?? '',
          events: endpoint.events,
          headers: '',
          secret: '',
          tls: {},
          oauth: undefined,
        }}
        presentHeaders={Object.keys(endpoint.headers)}
        presentTls={endpoint.tls}
        presentOAuth={endpoint.oauth}
        error={save.error}
        onSubmit={(input) => save.mutate(input)}
      >
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </DialogActions>
      </EndpointForm>
    </Dialog>
  );
}
