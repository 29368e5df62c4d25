import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { CreatedEndpoint } from '../../../../sdk/typescript/src/models.ts';
import { signingQuery } from '../../api/catalogue-queries.ts';
import { clientOf } from '../../api/client.ts';
import { useMay } from '../../api/session.ts';
import { newOAuthOf } from '../../endpoint/oauth/oauth-draft.ts';
import { tlsOf } from '../../endpoint/tls/tls-draft.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { SecretText } from '../../kit/dialogs/secret.tsx';
import { Empty, Page, Panel } from '../../kit/layout/page.tsx';
import { project } from '../address.ts';
import { EndpointForm, type EndpointInput } from '../endpoint-form/endpoint-form.tsx';
import { headersIn } from '../endpoint-form/header-text.ts';
import { tellHost } from '../host/host.ts';
import { SnippetPanel } from '../verify/snippet-panel.tsx';
import css from './new-endpoint.module.css';

// Opened by a click, once the endpoint is made.
const Test = lazy(async () => ({ default: (await import('../endpoint/test.tsx')).Test }));

/** A form; then the secret, once, with a test and the code that checks it. */
export function NewEndpoint() {
  const mayAdd = useMay('endpoints');
  const [made, setMade] = useState<CreatedEndpoint>();
  if (made) return <Made endpoint={made} />;
  if (!mayAdd) {
    return (
      <Page title="Add an endpoint">
        <Empty icon="ban" title="This session may look, but not add endpoints">
          <p>Ask for a session that may change endpoints.</p>
        </Empty>
      </Page>
    );
  }
  return <Form onMade={setMade} />;
}

const EMPTY = { url: '', description: '', headers: '', secret: '', tls: {}, oauth: undefined };

function Form({ onMade }: { onMade: (endpoint: CreatedEndpoint) => void }) {
  const { type } = useSearch({ from: '/endpoints/new' });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: signing } = useQuery(signingQuery(project));
  const add = useMutation({
    mutationFn: ({ url, description, events, headers, secret, tls, oauth }: EndpointInput) => {
      const [newTls, newOAuth] = [tlsOf(tls), newOAuthOf(oauth)];
      return clientOf(project).endpoints.create({
        url: url.trim(),
        events,
        ...(description !== '' && { description }),
        ...(secret !== '' && { secret }),
        ...(headers.trim() !== '' && { headers: headersIn(headers) }),
        ...(newTls && { tls: newTls }),
        ...(newOAuth && { oauth: newOAuth }),
      });
    },
    onSuccess: async (endpoint) => {
      tellHost({ type: 'endpoint-created', id: endpoint.id });
      await queryClient.invalidateQueries({ queryKey: [project, 'endpoints'] });
      onMade(endpoint);
    },
  });
  const source = signing?.secret.source;
  return (
    <Page title="Add an endpoint">
      <Panel>
        <div className={css.form}>
          <EndpointForm
            initial={{ ...EMPTY, events: [type ?? '*'] }}
            secretRules={source === 'generated' ? undefined : signing?.secret}
            error={add.error}
            onSubmit={(input) => add.mutate(input)}
          >
            <div className={css.buttons}>
              <Button kind="primary" type="submit" busy={add.isPending}>
                Add the endpoint
              </Button>
              <Button onClick={() => void navigate({ to: '/endpoints' })}>Cancel</Button>
            </div>
          </EndpointForm>
        </div>
      </Panel>
    </Page>
  );
}

/** The secret is in the memory of this screen alone. */
function Made({ endpoint }: { endpoint: CreatedEndpoint }) {
  const [tests, setTests] = useState(false);
  const mayTest = useMay('test');
  return (
    <Page title="Endpoint added">
      <Panel title="1. Keep the secret">
        <div className={css.step}>
          <Secret secret={endpoint.secret} />
        </div>
      </Panel>
      <SnippetPanel title="2. Check the signature of each request" />
      <Panel title="3. See whether it works">
        <div className={css.step}>
          <p>
            {mayTest
              ? 'Send an example event, and see what your server answers.'
              : 'Wait for the first event.'}
          </p>
          <div className={css.buttons}>
            {mayTest && (
              <Button kind="primary" icon="send" onClick={() => setTests(true)}>
                Send a test
              </Button>
            )}
            <Link to="/endpoints/$endpoint" params={{ endpoint: endpoint.id }}>
              Open the endpoint
            </Link>
          </div>
        </div>
      </Panel>
      {tests && (
        <Suspense>
          <Test endpoint={endpoint} onClose={() => setTests(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Secret({ secret }: { secret: string | undefined }) {
  const maySee = useMay('secrets');
  if (secret === undefined) {
    return (
      <p>
        {maySee
          ? 'Requests are signed with the secret that you gave.'
          : 'This session does not show secrets. Ask whoever manages them.'}
      </p>
    );
  }
  return (
    <>
      <p>Your server checks requests with this secret. It is shown now, and never again.</p>
      <SecretText label="Secret of the endpoint" text={secret} />
      <div className={css.buttons}>
        <CopyButton text={secret} what="the secret" label="Copy the secret" />
      </div>
    </>
  );
}
