import css from '../delivery.module.css';

/** Headers of others, as text. */
export function HeaderList({ headers }: { headers: Record<string, unknown> | null }) {
  if (headers === null) return <p className={css.note}>Headers are not stored, or were removed.</p>;
  return (
    <dl className={css.headers}>
      {Object.entries(headers).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{Array.isArray(value) ? value.join(', ') : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
