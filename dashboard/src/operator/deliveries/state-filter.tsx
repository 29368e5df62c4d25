import filters from '../../kit/filters/filters.module.css';

const STATES = ['pending', 'retrying', 'held', 'delivered', 'undeliverable', 'cancelled'];

/** Chooses the state of the deliveries that are listed; undefined: any. */
export function StateFilter({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (state: string | undefined) => void;
}) {
  return (
    <select
      className={filters.select}
      aria-label="State"
      value={value ?? ''}
      onChange={(change) => onChange(change.target.value || undefined)}
    >
      <option value="">Any state</option>
      {STATES.map((state) => (
        <option key={state}>{state}</option>
      ))}
      {value && !STATES.includes(value) && <option>{value}</option>}
    </select>
  );
}
