import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { apiUrl, clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { Page, Panel } from '../../kit/layout/page.tsx';
import { SampleReceiver } from '../endpoints/sample-receiver.tsx';
import events from '../events/events.module.css';
import { SendEvent } from '../events/send-event.tsx';
import css from './overview.module.css';

const REFETCH_MS = 5_000;

/** Whether there is an event that is no test, one that is, and one that settled. Only asked until there is one. */
const firstEventsQuery = (project: string) => ({
  queryKey: [project, 'first-events'],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    const { events: list } = clientOf(project, signal);
    const [own, test] = await Promise.all([
      list.summaries({ limit: 1, test: 'false' }),
      list.summaries({ limit: 1, test: 'true' }),
    ]);
    return {
      own: own.items.length > 0,
      test: test.items.length > 0,
      delivered: [...own.items, ...test.items].some(({ deliveredCount }) => deliveredCount > 0),
    };
  },
});

const useFirstEvents = (project: string) =>
  useQuery({
    ...firstEventsQuery(project),
    refetchInterval: ({ state }) => (state.data?.own === false ? REFETCH_MS : false),
  });

/** Whether no event was posted yet, tests aside; undefined until it is known. */
export function useIsNew(project: string): boolean | undefined {
  const { data, error } = useFirstEvents(project);
  return data ? !data.own : error ? false : undefined;
}

/** The first steps with a project. They are ticked as they happen. */
export function Checklist({ project }: { project: string }) {
  const { data, error } = useFirstEvents(project);
  const { data: endpoints } = useQuery({ ...endpointsQuery(project, {}), refetchInterval: REFETCH_MS });
  const endpoint = endpoints?.items[0];
  const mayChange = useMayChange();
  const [isSending, setSending] = useState(false);
  const example = `curl -sS ${apiUrl}/v1/events \\
  -H "Authorization: Bearer $POSTHORN_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"type": "order.paid", "data": {"order": 17}}'`;
  return (
    <Page title="Overview">
      {error && <Problem error={error} />}
      <Panel title="First steps">
        <ol className={css.steps}>
          <Step isDone={endpoint !== undefined} title="Add an endpoint">
            <p>
              A URL that receives, and the types that it wants.{' '}
              <Link to="/p/$project/endpoints" params={{ project }}>
                Endpoints
              </Link>
            </p>
            {endpoints && !endpoint && <SampleReceiver />}
          </Step>
          <Step isDone={data?.test ?? false} title="Send it a test event">
            {endpoint ? (
              <p>
                Open{' '}
                <Link to="/p/$project/endpoints/$endpoint" params={{ project, endpoint: endpoint.id }}>
                  {endpoint.url}
                </Link>{' '}
                and test it: you see what it answers.
              </p>
            ) : (
              <p>
                From the page of the endpoint, which{' '}
                <Link to="/p/$project/endpoints" params={{ project }}>
                  Endpoints
                </Link>{' '}
                lists. You see what it answers.
              </p>
            )}
          </Step>
          <Step isDone={data?.delivered ?? false} title="See it delivered">
            <p>
              The receiver verifies the signature and answers 2xx. Each attempt stands with its event, in{' '}
              <Link to="/p/$project/events" params={{ project }}>
                Events
              </Link>
              .
            </p>
          </Step>
          <Step isDone={data?.own ?? false} title="Post an event">
            <pre className={events.code}>{example}</pre>
            <div className={css.stepActions}>
              <CopyButton text={example} what="the command" label="Copy the command" />
              {mayChange && (
                <Button icon="send" onClick={() => setSending(true)}>
                  Send an event here
                </Button>
              )}
            </div>
          </Step>
        </ol>
      </Panel>
      {isSending && <SendEvent project={project} onClose={() => setSending(false)} />}
    </Page>
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
