import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { eventTypeQuery } from '../../api/catalogue-queries.ts';
import { useMay } from '../../api/session.ts';
import columns from '../../catalogue/catalogue.module.css';
import { SendTest } from '../../catalogue/send-test.tsx';
import { ExamplePanel, PreviewPanel, SchemaPanel } from '../../catalogue/type-panels.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { project } from '../address.ts';
import { LoadProblem } from '../frame/load-problem.tsx';
import { customerAdvice, stateWord } from '../words.ts';
import css from './event-types.module.css';
import { Subscribe } from './subscribe.tsx';

/** One event: what its data is, and the request that your server gets. */
export function EventTypeScreen() {
  const { type } = useParams({ from: '/event-types/$type' });
  const { data: exact, error } = useQuery(eventTypeQuery(project, type));
  const navigate = useNavigate();
  const mayChange = useMay('endpoints');
  const mayTest = useMay('test');
  const [shown, setShown] = useState<'subscribe' | 'test'>();
  const close = (): void => setShown(undefined);
  if (!exact) {
    return (
      <Page title={type}>
        {error ? (
          <LoadProblem error={error} what="event" to="/event-types" />
        ) : (
          <Panel>
            <SkeletonRows rows={10} />
          </Panel>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={type}
      actions={
        <>
          {mayChange && (
            <Button kind="primary" icon="plus" onClick={() => setShown('subscribe')}>
              Subscribe
            </Button>
          )}
          {mayTest && (
            <Button icon="send" onClick={() => setShown('test')}>
              Send as a test
            </Button>
          )}
        </>
      }
    >
      <p className={css.description}>{exact.type.description}</p>
      <div className={columns.columns}>
        <div className={columns.stack}>
          <SchemaPanel exact={exact} />
          <ExamplePanel exact={exact} />
        </div>
        <PreviewPanel title="As your server gets it" project={project} exact={exact} mayAsk />
      </div>
      {shown === 'subscribe' && (
        <Subscribe
          type={type}
          onClose={close}
          onNew={() => void navigate({ to: '/endpoints/new', search: { type } })}
        />
      )}
      {shown === 'test' && (
        <SendTest
          project={project}
          type={type}
          onClose={close}
          advice={customerAdvice}
          stateWord={stateWord}
          link={({ id: delivery }) => (
            <Link to="/deliveries/$delivery" params={{ delivery }}>
              Look at the request and the response
            </Link>
          )}
        />
      )}
    </Page>
  );
}
