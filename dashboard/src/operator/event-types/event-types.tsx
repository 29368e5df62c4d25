import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import type { EventType } from '../../../../sdk/typescript/src/models.ts';
import { catalogueQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import { eventTypeFiguresQuery } from '../../api/statistics-queries.ts';
import { fitsSearch, groupTypes } from '../../catalogue/type-groups.ts';
import { Button } from '../../kit/buttons/button.tsx';
import filters from '../../kit/filters/filters.module.css';
import { useKeys, useRowKeys } from '../../kit/keys.ts';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { counted } from '../../kit/text/counted.ts';
import { keepRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { EditType } from './edit-type.tsx';
import css from './event-types.module.css';
import { SeenTypes } from './seen-types.tsx';

/** What the project sends: the catalogue, with how much of each type there is and who wants it. */
export function EventTypes() {
  const { project } = useParams({ from: '/frame/p/$project/event-types' });
  const search = useSearch({ from: '/frame/p/$project/event-types' });
  const range = { range: keepRange(search), fallback: defaultRange() };
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const [adding, setAdding] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const query = useQuery(catalogueQuery(project));
  const figures = useQuery({ ...eventTypeFiguresQuery(project, range), refetchInterval: 15_000 });
  useKeys({ '/': () => field.current?.focus() });
  useRowKeys(() => [...(list.current?.querySelectorAll<HTMLElement>('tbody tr') ?? [])]);
  const types = query.data ?? [];
  const shown = types.filter((entry) => fitsSearch(entry, search.q ?? ''));
  const accepted = new Map(figures.data?.map((figure) => [figure.type, figure.accepted]));
  const known = new Set(types.map(({ type }) => type));
  const seen = (figures.data ?? []).filter(({ type }) => !known.has(type));
  return (
    <Page
      title="Event types"
      actions={
        mayChange && (
          <Button kind="primary" icon="plus" onClick={() => setAdding('')}>
            New type
          </Button>
        )
      }
    >
      <search className={filters.filters}>
        <input
          ref={field}
          className={filters.field}
          type="search"
          aria-label="Filter event types"
          placeholder="A part of a name or description"
          value={search.q ?? ''}
          onChange={(change) =>
            void navigate({ to: '.', search: (old) => ({ ...old, q: change.target.value }), replace: true })
          }
        />
      </search>
      {query.error && <Problem error={query.error} />}
      {query.isPending && (
        <Panel>
          <SkeletonRows rows={8} />
        </Panel>
      )}
      {query.data && types.length === 0 && (
        <Panel>
          <Empty icon="tags" title="No catalogue yet">
            <p>
              Any type will do. A catalogue lets customers choose what they get, and schemas refuse what is
              wrong.
            </p>
            {mayChange && (
              <Button kind="primary" icon="plus" onClick={() => setAdding('')}>
                Add a type
              </Button>
            )}
          </Empty>
        </Panel>
      )}
      {types.length > 0 && shown.length === 0 && (
        <Panel>
          <Empty icon="search" title="No type fits" />
        </Panel>
      )}
      <div ref={list} className={css.groups}>
        {groupTypes(shown).map(({ prefix, entries }) => (
          <Panel
            key={prefix}
            title={prefix}
            aside={<span className={table.muted}>{counted(entries.length, 'type')}</span>}
          >
            <TypeTable project={project} entries={entries} accepted={figures.data && accepted} />
          </Panel>
        ))}
      </div>
      <SeenTypes
        project={project}
        seen={seen}
        hasCatalogue={types.length > 0}
        {...(mayChange && { onAdd: setAdding })}
      />
      {adding !== undefined && (
        <EditType project={project} name={adding} onClose={() => setAdding(undefined)} />
      )}
    </Page>
  );
}

type TypeTableProps = { project: string; entries: EventType[]; accepted: Map<string, number> | undefined };

function TypeTable({ project, entries, accepted }: TypeTableProps) {
  return (
    <table className={`${table.table} ${css.table}`}>
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col">Description</th>
          <th scope="col">Defined by</th>
          <th scope="col">Schema</th>
          <th scope="col" className={table.number}>
            Accepted
          </th>
          <th scope="col" className={table.number}>
            Endpoints
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.type}>
            <td data-label="Type" className={table.strong}>
              <Link
                to="/p/$project/event-types/$type"
                params={{ project, type: entry.type }}
                search={(old) => keepRange(old)}
              >
                {entry.type}
              </Link>
            </td>
            <td data-label="Description">{entry.description}</td>
            <td data-label="Defined by">{entry.source === 'profile' ? 'the profile' : 'the project'}</td>
            <td data-label="Schema">
              {entry.schema === null ? <span className={table.muted}>none</span> : 'yes'}
            </td>
            <td data-label="Accepted" className={table.number}>
              {accepted ? (accepted.get(entry.type) ?? 0).toLocaleString() : '\u00a0'}
            </td>
            <td data-label="Endpoints" className={table.number}>
              {(entry.endpoints ?? 0).toLocaleString()}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
