import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import type { EventType } from '../../../../sdk/typescript/src/models.ts';
import { catalogueQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { fitsSearch, groupTypes } from '../../catalogue/type-groups.ts';
import { useKeys, useRowKeys } from '../../kit/keys.ts';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { project } from '../address.ts';
import filters from '../deliveries/deliveries.module.css';
import css from './event-types.module.css';

/** What can be had: the catalogue, with what each type means. */
export function EventTypes() {
  const { q = '' } = useSearch({ from: '/event-types' });
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { data: types, error, isPending } = useQuery(catalogueQuery(project));
  useKeys({ '/': () => field.current?.focus() });
  useRowKeys(() => [...(list.current?.querySelectorAll<HTMLElement>('tbody tr') ?? [])]);
  const shown = (types ?? []).filter((entry) => fitsSearch(entry, q));
  return (
    <Page title="Events">
      {types && types.length > 0 && (
        <search className={filters.filters}>
          <input
            ref={field}
            className={filters.field}
            type="search"
            aria-label="Search events"
            placeholder="A part of a name or description"
            value={q}
            onChange={(change) =>
              void navigate({
                to: '/event-types',
                search: { q: change.target.value || undefined },
                replace: true,
              })
            }
          />
        </search>
      )}
      {error && <Problem error={error} hasOld={types !== undefined} />}
      {isPending && (
        <Panel>
          <SkeletonRows rows={6} />
        </Panel>
      )}
      {types && shown.length === 0 && (
        <Panel>
          <Empty icon="search" title={types.length === 0 ? 'There is no catalogue' : 'No event fits'}>
            {types.length === 0 && (
              <p>An endpoint can still ask for all events, or for those it knows by name.</p>
            )}
          </Empty>
        </Panel>
      )}
      <div ref={list} className={css.groups}>
        {groupTypes(shown).map(({ prefix, entries }) => (
          <Panel key={prefix} title={prefix}>
            <TypeTable entries={entries} />
          </Panel>
        ))}
      </div>
    </Page>
  );
}

function TypeTable({ entries }: { entries: EventType[] }) {
  return (
    <table className={`${table.table} ${css.table}`}>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">What it tells</th>
          <th scope="col">Your endpoints</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ type, description, endpoints = 0 }) => (
          <tr key={type}>
            <td data-label="Event" className={table.strong}>
              <Link to="/event-types/$type" params={{ type }}>
                {type}
              </Link>
            </td>
            <td data-label="What it tells">{description}</td>
            <td data-label="Your endpoints">
              {endpoints === 0 ? <span className={table.muted}>none</span> : endpoints.toLocaleString()}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
