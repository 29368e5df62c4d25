import { Icon } from '../icons/icon.tsx';
import css from './chip.module.css';

/** A filter that is in force, and the button that drops it. */
export function Chip({ name, value, onDrop }: { name: string; value: string; onDrop: () => void }) {
  return (
    <span className={css.chip}>
      <span>
        <span className={css.name}>{name}:</span>
        {value}
      </span>
      <button
        type="button"
        className={css.drop}
        aria-label={`Drop the filter ${name}: ${value}`}
        onClick={onDrop}
      >
        <Icon name="x" size={12} />
      </button>
    </span>
  );
}
