import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { eventTypeQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import { eventTypeFiguresQuery } from '../../api/statistics-queries.ts';
import css from '../../catalogue/catalogue.module.css';
import { SendTest } from '../../catalogue/send-test.tsx';
import { ExamplePanel, PreviewPanel, SchemaPanel } from '../../catalogue/type-panels.tsx';
import { adviceOf } from '../../delivery/causes.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Facts, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { keepRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { DeleteType } from './delete-type.tsx';
import { EditType } from './edit-type.tsx';

/** One type: what its data is, and the request that a receiver gets for it. */
export function EventTypeScreen() {
  const { project, type: name } = useParams({ from: '/frame/p/$project/event-types/$type' });
  const search = useSearch({ from: '/frame/p/$project/event-types/$type' });
  const mayChange = useMayChange();
  const [shown, setShown] = useState<'edit' | 'test' | 'delete'>();
  const query = useQuery(eventTypeQuery(project, name));
  const range = { range: keepRange(search), fallback: defaultRange() };
  const figures = useQuery(eventTypeFiguresQuery(project, range));
  const exact = query.data;
  const close = (): void => setShown(undefined);
  if (!exact) {
    return (
      <Page title={name}>
        {query.error ? (
          <Problem error={query.error} />
        ) : (
          <Panel>
            <SkeletonRows rows={10} />
          </Panel>
        )}
      </Page>
    );
  }
  const { description, source, endpoints = 0 } = exact.type;
  const accepted = figures.data?.find(({ type }) => type === name)?.accepted ?? 0;
  return (
    <Page
      title={name}
      actions={
        mayChange && (
          <>
            <Button kind="primary" icon="send" onClick={() => setShown('test')}>
              Send as test
            </Button>
            <Button icon="settings-2" onClick={() => setShown('edit')}>
              Edit
            </Button>
            {source === 'project' && (
              <Button kind="danger" icon="trash" onClick={() => setShown('delete')}>
                Delete
              </Button>
            )}
          </>
        )
      }
    >
      <p>{description}</p>
      <Facts
        items={[
          ['Defined by', source === 'profile' ? 'the profile' : 'the project'],
          [
            'Accepted in the range',
            <Link
              key="events"
              to="/p/$project/events"
              params={{ project }}
              search={{ ...keepRange(search), type: name }}
            >
              {figures.data ? accepted.toLocaleString() : '…'}
            </Link>,
          ],
          ['Subscribed endpoints', endpoints.toLocaleString()],
        ]}
      />
      <div className={css.columns}>
        <div className={css.stack}>
          <SchemaPanel exact={exact} />
          <ExamplePanel exact={exact} />
        </div>
        <PreviewPanel project={project} exact={exact} mayAsk={mayChange} />
      </div>
      {shown === 'edit' && <EditType project={project} exact={exact} onClose={close} />}
      {shown === 'test' && (
        <SendTest
          project={project}
          type={name}
          onClose={close}
          advice={adviceOf}
          link={({ event }) => (
            <Link to="/p/$project/events/$event" params={{ project, event }} search={{}}>
              Look at the request and the response
            </Link>
          )}
        />
      )}
      {shown === 'delete' && <DeleteType project={project} type={name} onClose={close} />}
    </Page>
  );
}
