import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { EventSummary } from '../../../../sdk/typescript/src/models.ts';
import { useRowKeys } from '../../kit/keys.ts';
import { SelectAll, type Selection, SelectRow } from '../../kit/lists/selection.tsx';
import table from '../../kit/lists/table.module.css';
import { bytes } from '../../kit/text/bytes.ts';
import { TypeText } from '../../kit/text/wrapping.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { EventState } from './event-state.tsx';
import css from './events.module.css';
import { useFilter } from './filters.tsx';

type EventTableProps = {
  project: string;
  events: EventSummary[];
  /** Undefined: nothing can be selected. */
  selection: Selection | undefined;
};

export function EventTable({ project, events, selection }: EventTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const filter = useFilter();
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          {selection && <SelectAll selection={selection} all={events.map(({ id }) => id)} />}
          <th scope="col">Time</th>
          <th scope="col">Type</th>
          <th scope="col">Consumer</th>
          <th scope="col">State</th>
          <th scope="col" className={table.number}>
            Size
          </th>
          <th scope="col">Id</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {events.map((event) => (
          <tr key={event.id}>
            {selection && <SelectRow selection={selection} id={event.id} name={event.id} />}
            <td data-label="Time" className={table.nowrap}>
              <Moment at={event.createdAt} />
            </td>
            <td data-label="Type" className={`${table.strong} ${css.type}`}>
              <Link to="/p/$project/events/$event" params={{ project, event: event.id }} search={{}}>
                <TypeText type={event.type} />
              </Link>
            </td>
            <td data-label="Consumer">
              {event.consumer === null ? (
                <span className={table.muted}>none</span>
              ) : (
                <button
                  type="button"
                  className={table.value}
                  title="Show only this consumer"
                  onClick={() => filter({ consumer: event.consumer! })}
                >
                  {event.consumer}
                </button>
              )}
            </td>
            <td data-label="State">
              <EventState event={event} />
            </td>
            <td data-label="Size" className={`${table.number} ${table.muted}`}>
              {bytes(event.bytes)}
            </td>
            <td data-label="Id" className={`${table.mono} ${table.muted} ${css.id}`}>
              {event.id}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
