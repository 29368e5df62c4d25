import { useEffect, useRef, useState } from 'react';
import { Chip } from '../../kit/filters/chip.tsx';
import filters from '../../kit/filters/filters.module.css';
import { useKeys } from '../../kit/keys.ts';
import { SORTS } from './endpoint-rows.ts';

const STATES = ['active', 'failing', 'paused', 'disabled'];
/** Each search reads many rows: it waits until someone has stopped typing. */
const TYPING_MS = 300;

type EndpointFiltersProps = {
  search: {
    status?: string | undefined;
    consumer?: string | undefined;
    q?: string | undefined;
    sort?: string | undefined;
  };
  onChange: (changes: object) => void;
};

export function EndpointFilters({ search, onChange }: EndpointFiltersProps) {
  const [text, setText] = useState(search.q ?? '');
  const field = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => field.current?.focus() });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed changes the address
  useEffect(() => {
    if (text === (search.q ?? '')) return undefined;
    const timer = setTimeout(() => onChange({ q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <search className={filters.filters}>
      <input
        ref={field}
        className={filters.field}
        type="search"
        aria-label="Filter endpoints"
        placeholder="A part of the URL or description"
        value={text}
        onChange={(change) => setText(change.target.value)}
      />
      <select
        className={filters.select}
        aria-label="State"
        value={search.status ?? ''}
        onChange={(change) => onChange({ status: change.target.value })}
      >
        <option value="">Any state</option>
        {STATES.map((state) => (
          <option key={state}>{state}</option>
        ))}
      </select>
      <select
        className={filters.select}
        aria-label="Sort"
        value={search.sort ?? ''}
        onChange={(change) => onChange({ sort: change.target.value })}
      >
        <option value="">Newest first</option>
        {Object.entries(SORTS).map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      {search.consumer && (
        <Chip name="consumer" value={search.consumer} onDrop={() => onChange({ consumer: undefined })} />
      )}
    </search>
  );
}
