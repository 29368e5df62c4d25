import { useId, useState } from 'react';
import type { EventType } from '../../../sdk/typescript/src/models.ts';
import field from '../kit/fields/field.module.css';
import { Check } from '../kit/fields/field.tsx';
import { Chip } from '../kit/filters/chip.tsx';
import css from './catalogue.module.css';
import { fitsSearch, groupTypes, matchesType, toggled } from './type-groups.ts';

type TypePickerProps = {
  label: string;
  /** The catalogue. Without one, any pattern may be written. */
  types: EventType[];
  /** Exact types, `prefix.*` and `*`. */
  value: string[];
  onChange: (value: string[]) => void;
  error?: string | undefined;
};

/** Chooses what an endpoint subscribes to: all, whole groups, or single types, with what each one is beside it. */
export function TypePicker({ label, types, value, onChange, error }: TypePickerProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [looked, setLooked] = useState<EventType>();
  const isAll = value.includes('*');
  const toggle = (pattern: string) => (isOn: boolean) => onChange(toggled(value, pattern, isOn));
  const groups = groupTypes(types.filter((entry) => fitsSearch(entry, text)));
  const shown = new Set([
    ...types.map(({ type }) => type),
    ...groupTypes(types).map(({ prefix }) => `${prefix}.*`),
  ]);
  const others = value.filter((pattern) => pattern !== '*' && !shown.has(pattern));
  return (
    <fieldset className={css.picker} aria-describedby={`${id}-error`}>
      <legend>{label}</legend>
      <Check label="All events, also of types that come later" checked={isAll} onChange={toggle('*')} />
      {types.length > 8 && (
        <input
          className={field.control}
          type="search"
          aria-label="Find a type"
          placeholder="A part of a name or description"
          value={text}
          onChange={(change) => setText(change.target.value)}
        />
      )}
      <div className={css.pickerColumns}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section className={css.pickerList} tabIndex={0} aria-label="Types">
          {groups.map(({ prefix, entries }) => (
            <Group
              key={prefix}
              prefix={prefix}
              entries={entries}
              value={value}
              toggle={toggle}
              onLook={setLooked}
            />
          ))}
          {groups.length === 0 && <p className={css.note}>No type fits.</p>}
        </section>
        <Example entry={looked} />
      </div>
      {others.length > 0 && (
        <div className={css.others}>
          {others.map((pattern) => (
            <Chip key={pattern} name="also" value={pattern} onDrop={() => toggle(pattern)(false)} />
          ))}
        </div>
      )}
      <p id={`${id}-error`} className={field.error}>
        {error}
      </p>
    </fieldset>
  );
}

type GroupProps = {
  prefix: string;
  entries: EventType[];
  value: string[];
  toggle: (pattern: string) => (isOn: boolean) => void;
  onLook: (entry: EventType) => void;
};

function Group({ prefix, entries, value, toggle, onLook }: GroupProps) {
  const isAll = value.includes('*');
  const pattern = `${prefix}.*`;
  const hasGroup = entries.some(({ type }) => type !== prefix);
  const isWhole = isAll || value.includes(pattern);
  return (
    <div className={css.group}>
      {hasGroup && (
        <label className={css.groupName}>
          <input
            type="checkbox"
            checked={isWhole}
            disabled={isAll}
            onChange={(change) => toggle(pattern)(change.target.checked)}
          />
          <code>{pattern}</code>
        </label>
      )}
      <ul className={hasGroup ? css.groupTypes : ''}>
        {entries.map((entry) => {
          const isCovered = value.some((other) => other !== entry.type && matchesType(other, entry.type));
          return (
            <li key={entry.type} onMouseEnter={() => onLook(entry)} onFocus={() => onLook(entry)}>
              <label className={css.type}>
                <input
                  type="checkbox"
                  checked={isCovered || value.includes(entry.type)}
                  disabled={isCovered}
                  onChange={(change) => toggle(entry.type)(change.target.checked)}
                />
                <span>
                  <code>{entry.type}</code>
                  <span className={css.description}>{entry.description}</span>
                </span>
              </label>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Of the type that was looked at last. It has a size of its own, so that the list does not move. */
function Example({ entry }: { entry: EventType | undefined }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
    <section className={css.example} tabIndex={0} aria-label="Example">
      {entry === undefined ? (
        <p className={css.note}>Point at a type, or tap it, to see an example of its data.</p>
      ) : (
        <>
          <p className={css.note}>
            <code>{entry.type}</code>
          </p>
          {entry.example === null ? (
            <p className={css.note}>It has no example.</p>
          ) : (
            <pre>{JSON.stringify(entry.example, null, 2)}</pre>
          )}
        </>
      )}
    </section>
  );
}
