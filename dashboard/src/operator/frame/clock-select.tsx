import { useClock } from '../../kit/time/clock.ts';
import type { Clock } from '../../kit/time/time.ts';
import css from './frame.module.css';

/** How all times are shown. It stands at the top, and on narrow screens in the drawer. */
export function ClockSelect() {
  const [clock, setClock] = useClock();
  return (
    <select
      className={css.select}
      aria-label="Times"
      value={clock}
      onChange={(event) => setClock(event.target.value as Clock)}
    >
      <option value="relative">Relative</option>
      <option value="local">Local time</option>
      <option value="utc">UTC</option>
    </select>
  );
}
