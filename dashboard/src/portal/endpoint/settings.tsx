import { lazy, Suspense, useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { useMay } from '../../api/session.ts';
import { DeleteEndpoint } from '../../endpoint/delete-endpoint.tsx';
import css from '../../endpoint/endpoint.module.css';
import { SecretTimes } from '../../endpoint/secret/secret-times.tsx';
import buttons from '../../kit/buttons/button.module.css';
import { Button } from '../../kit/buttons/button.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import { duration } from '../../kit/time/time.ts';
import { project } from '../address.ts';

// Few endpoints have any.
const OAuthValues = lazy(async () => ({
  default: (await import('../../endpoint/oauth/oauth-summary.tsx')).OAuthValues,
}));
const TlsValues = lazy(async () => ({
  default: (await import('../../endpoint/tls/tls-values.tsx')).TlsValues,
}));
// What a click opens is loaded with it.
const Rotate = lazy(async () => ({ default: (await import('./rotate.tsx')).Rotate }));
const Edit = lazy(async () => ({ default: (await import('./edit.tsx')).Edit }));

type SettingsProps = { endpoint: Endpoint; onChange: () => Promise<void>; onDeleted: () => Promise<void> };

export function Settings({ endpoint, onChange, onDeleted }: SettingsProps) {
  const [shown, setShown] = useState<'edit' | 'rotate' | 'delete'>();
  const mayChange = useMay('endpoints');
  const mayRotate = useMay('secrets');
  const close = (): void => setShown(undefined);
  return (
    <Panel title="Settings">
      <div className={css.settings}>
        <Values endpoint={endpoint} />
        {(mayChange || mayRotate) && (
          <div className={buttons.row}>
            {mayChange && (
              <Button icon="settings-2" onClick={() => setShown('edit')}>
                Edit
              </Button>
            )}
            {mayRotate && (
              <Button icon="key-round" onClick={() => setShown('rotate')}>
                Rotate the secret
              </Button>
            )}
            {mayChange && (
              <Button kind="danger" icon="trash" onClick={() => setShown('delete')}>
                Delete
              </Button>
            )}
          </div>
        )}
      </div>
      {shown === 'edit' && (
        <Suspense>
          <Edit endpoint={endpoint} onClose={close} onChange={onChange} />
        </Suspense>
      )}
      {shown === 'rotate' && (
        <Suspense>
          <Rotate endpoint={endpoint} onClose={close} />
        </Suspense>
      )}
      {shown === 'delete' && (
        <DeleteEndpoint project={project} endpoint={endpoint} onClose={close} onDeleted={onDeleted} />
      )}
    </Panel>
  );
}

function Values({ endpoint }: { endpoint: Endpoint }) {
  const { policyInForce: policy, headers, rate } = endpoint;
  return (
    <dl className={css.pairs}>
      <dt>Events</dt>
      <dd>{endpoint.events.map((type) => (type === '*' ? 'all' : type)).join(', ')}</dd>
      <dt>Sent again</dt>
      <dd>
        {policy.delays.length === 0
          ? 'never'
          : policy.delays.map((seconds) => `+${duration(seconds * 1_000)}`).join(' · ')}
      </dd>
      <dt>Timeout</dt>
      <dd>{policy.timeout} s for your server to answer</dd>
      {rate && (
        <>
          <dt>Rate limit</dt>
          <dd>
            {rate.limit} a {rate.per}
          </dd>
        </>
      )}
      {endpoint.ordered && (
        <>
          <dt>Order</dt>
          <dd>one after the other, in the order of events</dd>
        </>
      )}
      {Object.keys(headers).length > 0 && (
        <>
          <dt>Own headers</dt>
          <dd>{Object.keys(headers).join(', ')}</dd>
        </>
      )}
      {endpoint.oauth && (
        <Suspense>
          <OAuthValues oauth={endpoint.oauth} />
        </Suspense>
      )}
      {endpoint.tls && (
        <Suspense>
          <TlsValues tls={endpoint.tls} />
        </Suspense>
      )}
      <dt>Secret</dt>
      <dd>
        <SecretTimes secrets={endpoint.secrets} />
      </dd>
    </dl>
  );
}
