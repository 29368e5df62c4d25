import { useLayoutEffect, useRef, useState } from 'react';
import { useClock, useNow } from './clock.ts';
import css from './moment.module.css';
import { absolute, relative, short } from './time.ts';

/**
 * A time in the reader's clock; the exact one is its title. By keyboard, the exact times of a row are shown while something in
 * the row has the focus; a time beside nothing that gets it is a stop of its own.
 */
export function Moment({ at }: { at: string }) {
  const [clock] = useClock();
  const now = useNow(clock === 'relative' ? 1_000 : 60_000);
  const element = useRef<HTMLTimeElement>(null);
  const [isStop, setStop] = useState(false);
  useLayoutEffect(() => {
    const row = element.current?.closest('tr, [data-row]');
    setStop(!row?.querySelector('a, button, input'));
  }, []);
  const ms = Date.parse(at);
  return (
    <time
      ref={element}
      className={css.time}
      dateTime={at}
      title={absolute(ms, clock === 'utc' ? 'utc' : 'local')}
      {...(isStop && { tabIndex: 0 })}
    >
      {clock === 'relative' ? relative(ms, now) : short(ms, now, clock)}
    </time>
  );
}
