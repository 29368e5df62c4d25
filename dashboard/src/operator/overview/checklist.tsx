import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useRef, useState } from 'react';
import { apiUrl } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { Page, Panel } from '../../kit/layout/page.tsx';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { UseSampleReceiver, useSampleReceiver } from '../endpoint/sample-receiver.tsx';
import { FirstDelivery, useFirstDelivery } from './first-delivery.tsx';
import { REFETCH_MS, useFirstEvent } from './first-events.ts';
import css from './overview.module.css';

// Each is opened by a click, and by few.
const SendEvent = lazy(async () => ({ default: (await import('../events/send-event.tsx')).SendEvent }));
const NewEndpoint = lazy(async () => ({
  default: (await import('../endpoint/form/new-endpoint.tsx')).NewEndpoint,
}));

/** The first steps with a project, up to an event that is delivered. They are ticked as they happen. */
export function Checklist({ project, onDone }: { project: string; onDone: () => void }) {
  const first = useFirstEvent(project);
  const { data: endpoints } = useQuery({ ...endpointsQuery(project, {}), refetchInterval: REFETCH_MS });
  const endpoint = endpoints?.items[0];
  const sample = useSampleReceiver(project);
  const mayChange = useMayChange();
  const [sent, setSent] = useState<string>();
  const [shown, setShown] = useState<'endpoint' | 'event'>();
  const event = sent ?? first.data?.id;
  const result = useFirstDelivery(project, event);
  const isDelivered = result.delivery?.status === 'delivered';
  const close = (): void => setShown(undefined);
  const next = useRef<HTMLDivElement>(null);
  // The button that was pressed is gone.
  const toNextStep = (): void => next.current?.querySelector('button')?.focus();
  return (
    <Page title="Overview">
      {first.error && <Problem error={first.error} />}
      <Panel title="First steps">
        <ol className={css.steps} aria-live="polite">
          <Step isDone={endpoint !== undefined} title="Add an endpoint">
            {endpoint ? (
              <p>
                <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: endpoint.id }}>
                  <UrlText url={endpoint.url} />
                </Link>{' '}
                gets {endpoint.events.includes('*') ? 'all events' : endpoint.events.join(', ')}.
              </p>
            ) : (
              <>
                <p>
                  A URL that receives.
                  {sample !== undefined &&
                    ' No server at hand? A sample receiver runs beside Posthorn: it verifies the signature, and answers 200.'}
                </p>
                {mayChange && endpoints && (
                  <div className={css.stepActions}>
                    {sample !== undefined && (
                      <UseSampleReceiver project={project} url={sample} onMade={toNextStep} />
                    )}
                    <Button icon="plus" onClick={() => setShown('endpoint')}>
                      Add your own
                    </Button>
                  </div>
                )}
              </>
            )}
          </Step>
          <Step isDone={event !== undefined} title="Post an event">
            <p>
              Something that happened, which your program posts once. Posthorn delivers it to each endpoint.
            </p>
            {mayChange && (
              <div ref={next} className={css.stepActions}>
                <Button
                  kind={endpoint && !event ? 'primary' : 'plain'}
                  icon="send"
                  onClick={() => setShown('event')}
                >
                  {event ? 'Send another event' : 'Send an event'}
                </Button>
              </div>
            )}
            <FromProgram />
          </Step>
          <Step isDone={isDelivered} title="See it delivered">
            {event ? (
              <FirstDelivery project={project} {...result} />
            ) : (
              <p>What the receiver answers stands here, and with each event.</p>
            )}
          </Step>
        </ol>
      </Panel>
      {isDelivered && <WhatNext project={project} onDone={onDone} />}
      <Suspense>
        {shown === 'endpoint' && <NewEndpoint project={project} onClose={close} />}
        {shown === 'event' && (
          <SendEvent
            project={project}
            onClose={close}
            onSent={({ id }) => {
              setSent(id);
              close();
            }}
          />
        )}
      </Suspense>
    </Page>
  );
}

function FromProgram() {
  const example = `curl -sS ${apiUrl}/v1/events \\
  -H "Authorization: Bearer $POSTHORN_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"type": "order.paid", "data": {"order": 17}}'`;
  return (
    <details className={css.program}>
      <summary>The same from your program</summary>
      <CodeBlock>{example}</CodeBlock>
      <CopyButton text={example} what="the command" label="Copy the command" />
    </details>
  );
}

function WhatNext({ project, onDone }: { project: string; onDone: () => void }) {
  const params = { project };
  return (
    <Panel title="What comes next">
      <ul className={css.next}>
        <li>
          <p>
            <Link to="/p/$project/profile" params={params}>
              Verify the signature
            </Link>{' '}
            in your receiver: the profile says what goes over the wire.
          </p>
        </li>
        <li>
          <p>
            <Link to="/p/$project/event-types" params={params}>
              Write a catalogue
            </Link>{' '}
            of what you send, with schemas and examples.
          </p>
        </li>
        <li>
          <p>
            <Link to="/p/$project/consumers" params={params}>
              Hand out portal links
            </Link>
            , so that customers manage their own endpoints.
          </p>
        </li>
      </ul>
      <div className={css.done}>
        <Button icon="activity" onClick={onDone}>
          Go to the overview
        </Button>
      </div>
    </Panel>
  );
}

function Step({ isDone, title, children }: { isDone: boolean; title: string; children: ReactNode }) {
  return (
    <li data-done={isDone}>
      <Icon name={isDone ? 'circle-check' : 'circle'} size={18} />
      <div>
        <h3>
          {title}
          {isDone && <span className={css.before}> · done</span>}
        </h3>
        {children}
      </div>
    </li>
  );
}
