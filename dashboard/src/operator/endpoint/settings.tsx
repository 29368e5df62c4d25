import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { useMayChange } from '../../api/session.ts';
import { DeleteEndpoint } from '../../endpoint/delete-endpoint.tsx';
import css from '../../endpoint/endpoint.module.css';
import { OAuthValues } from '../../endpoint/oauth/oauth-summary.tsx';
import { RotateSecret } from '../../endpoint/secret/rotate-secret.tsx';
import { rotationCheck } from '../../endpoint/secret/sdk-check.ts';
import { SecretTimes } from '../../endpoint/secret/secret-times.tsx';
import { TlsValues } from '../../endpoint/tls/tls-values.tsx';
import buttons from '../../kit/buttons/button.module.css';
import { Button } from '../../kit/buttons/button.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { counted } from '../../kit/text/counted.ts';
import { duration } from '../../kit/time/time.ts';

// Opened by a click, and by few.
const EditEndpoint = lazy(async () => ({
  default: (await import('./form/edit-endpoint.tsx')).EditEndpoint,
}));

type SettingsProps = { project: string; endpoint: Endpoint; onChange: () => Promise<void> };

export function Settings({ project, endpoint, onChange }: SettingsProps) {
  const [shown, setShown] = useState<'edit' | 'rotate' | 'delete'>();
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const { policyInForce: policy, headers, rate } = endpoint;
  const close = (): void => setShown(undefined);
  return (
    <Panel title="Settings">
      <div className={css.settings}>
        <dl className={css.pairs}>
          <dt>URL</dt>
          <dd>{endpoint.url}</dd>
          <dt>Event types</dt>
          <dd>{endpoint.events.join(', ')}</dd>
          {endpoint.description && (
            <>
              <dt>Description</dt>
              <dd>{endpoint.description}</dd>
            </>
          )}
          <dt>Attempts</dt>
          <dd>
            {['at once', ...policy.delays.map((seconds) => `+${duration(seconds * 1_000)}`)].join(' · ')}
            {policy.delays.length === 0 && ', and no retry'} (set by the {policy.sources.delays})
          </dd>
          <dt>Timeout</dt>
          <dd>{policy.timeout} s per attempt</dd>
          {rate && (
            <>
              <dt>Rate limit</dt>
              <dd>
                {rate.limit} a {rate.per}
              </dd>
            </>
          )}
          {endpoint.concurrency !== null && (
            <>
              <dt>At once</dt>
              <dd>{counted(endpoint.concurrency, 'request')}</dd>
            </>
          )}
          <dt>Order</dt>
          <dd>{endpoint.ordered ? 'one after the other, in the order of events' : 'not kept'}</dd>
          <dt>Secret</dt>
          <dd>
            <SecretTimes secrets={endpoint.secrets} />
          </dd>
          {endpoint.oauth && <OAuthValues oauth={endpoint.oauth} />}
          <TlsValues tls={endpoint.tls} />
          {endpoint.filter && (
            <>
              <dt>Filter</dt>
              <dd>
                <CodeBlock>{JSON.stringify(endpoint.filter, null, 2)}</CodeBlock>
              </dd>
            </>
          )}
          {Object.keys(headers).length > 0 && (
            <>
              <dt>Own headers</dt>
              <dd>{Object.keys(headers).join(', ')}</dd>
            </>
          )}
        </dl>
        {mayChange && (
          <div className={buttons.row}>
            <Button icon="settings-2" onClick={() => setShown('edit')}>
              Edit
            </Button>
            <Button icon="key-round" onClick={() => setShown('rotate')}>
              Rotate the secret
            </Button>
            <Button kind="danger" icon="trash" onClick={() => setShown('delete')}>
              Delete
            </Button>
          </div>
        )}
      </div>
      {shown === 'edit' && (
        <Suspense>
          <EditEndpoint project={project} endpoint={endpoint} onClose={close} onChange={onChange} />
        </Suspense>
      )}
      {shown === 'rotate' && (
        <RotateSecret
          project={project}
          endpoint={endpoint}
          codeOf={rotationCheck}
          onClose={close}
          onChange={onChange}
        />
      )}
      {shown === 'delete' && (
        <DeleteEndpoint
          project={project}
          endpoint={endpoint}
          onClose={close}
          onDeleted={() => navigate({ to: '/p/$project/endpoints', params: { project } })}
        />
      )}
    </Panel>
  );
}
