import { useClock, useNow } from './clock.ts';
import { absolute, relative, short } from './time.ts';

/** A time in the reader's clock; the exact one is its title. */
export function Moment({ at }: { at: string }) {
  const [clock] = useClock();
  const now = useNow(clock === 'relative' ? 1_000 : 60_000);
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={absolute(ms, clock === 'utc' ? 'utc' : 'local')}>
      {clock === 'relative' ? relative(ms, now) : short(ms, now, clock)}
    </time>
  );
}
