import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { consumersQuery } from '../../api/consumer-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import filters from '../../kit/filters/filters.module.css';
import { useKeys, useRowKeys } from '../../kit/keys.ts';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { More } from '../../kit/lists/more.tsx';
import table from '../../kit/lists/table.module.css';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { EditConsumer } from './edit-consumer.tsx';

const SAMPLE = `{"type":"order.made","consumer":"acme","data":{}}`;

/** The customers of the project. */
export function Consumers() {
  const { project } = useParams({ from: '/frame/p/$project/consumers' });
  const { q = '' } = useSearch({ from: '/frame/p/$project/consumers' });
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const [isNew, setNew] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const query = useInfiniteQuery({ ...consumersQuery(project, q), placeholderData: (old) => old });
  const consumers = query.data?.pages.flatMap(({ items }) => items) ?? [];
  useKeys({ '/': () => field.current?.focus() });
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <Page
      title="Consumers"
      actions={
        mayChange && (
          <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
            New consumer
          </Button>
        )
      }
    >
      <search className={filters.filters}>
        <input
          ref={field}
          className={filters.field}
          type="search"
          aria-label="Find consumers"
          placeholder="A part of the id or the name"
          value={q}
          onChange={(change) =>
            void navigate({ to: '.', search: (old) => ({ ...old, q: change.target.value }), replace: true })
          }
        />
      </search>
      {query.error && <Problem error={query.error} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={6} />}
        {query.data && consumers.length === 0 && q === '' && (
          <Empty icon="users" title="No consumer yet">
            <p>Consumers appear with the first event or endpoint that names them:</p>
            <CodeBlock>{SAMPLE}</CodeBlock>
          </Empty>
        )}
        {query.data && consumers.length === 0 && q !== '' && !query.hasNextPage && (
          <Empty icon="search" title="No consumer fits" />
        )}
        {consumers.length > 0 && (
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Id</th>
                <th scope="col">Name</th>
                <th scope="col">Plan</th>
                <th scope="col">Added</th>
              </tr>
            </thead>
            <tbody ref={body}>
              {consumers.map(({ id, name, plan, createdAt }) => (
                <tr key={id}>
                  <td data-label="Id" className={table.strong}>
                    <Link to="/p/$project/consumers/$consumer" params={{ project, consumer: id }} search={{}}>
                      {id}
                    </Link>
                  </td>
                  <td data-label="Name">{name ?? <span className={table.muted}>none</span>}</td>
                  <td data-label="Plan">{plan ?? <span className={table.muted}>none</span>}</td>
                  <td data-label="Added" className={table.nowrap}>
                    <Moment at={createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More query={query} what="consumers" found={consumers.length} />
      </Panel>
      {isNew && <EditConsumer project={project} onClose={() => setNew(false)} />}
    </Page>
  );
}
