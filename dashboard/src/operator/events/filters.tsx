import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { Button } from '../../kit/buttons/button.tsx';
import { Chip } from '../../kit/filters/chip.tsx';
import filters from '../../kit/filters/filters.module.css';
import { useKeys } from '../../kit/keys.ts';
import { type Filters, filtersIn, parseFilterText } from './filter-text.ts';

const STATES = ['pending', 'delivered', 'undeliverable', 'cancelled', 'unrouted'];

/** Every filter stands in the URL. */
export function useFilter(): (filters: Filters) => void {
  const navigate = useNavigate();
  return (filters) => void navigate({ to: '.', search: (old) => ({ ...old, ...filters }) });
}

export function FilterBar({ search }: { search: Record<string, string | undefined> }) {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const filter = useFilter();
  const active = filtersIn(search);
  useKeys({ '/': () => field.current?.focus() });
  return (
    <search>
      <form
        className={filters.filters}
        onSubmit={(event) => {
          event.preventDefault();
          filter(parseFilterText(text));
          setText('');
        }}
      >
        <input
          ref={field}
          className={filters.field}
          type="search"
          aria-label="Filter events"
          placeholder="type:render.*  status:undeliverable  consumer:acme  or text in the body"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <select
          className={filters.select}
          aria-label="State"
          value={search.status ?? ''}
          onChange={(event) => filter({ status: event.target.value })}
        >
          <option value="">Any state</option>
          {STATES.map((state) => (
            <option key={state}>{state}</option>
          ))}
          {search.status && !STATES.includes(search.status) && <option>{search.status}</option>}
        </select>
        {active.map(([name, value]) => (
          <Chip key={name} name={name} value={value} onDrop={() => filter({ [name]: undefined })} />
        ))}
        {active.length > 1 && (
          <Button
            kind="quiet"
            onClick={() => filter(Object.fromEntries(active.map(([name]) => [name, undefined])))}
          >
            Drop all
          </Button>
        )}
      </form>
    </search>
  );
}
