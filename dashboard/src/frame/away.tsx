import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useAwaySince } from '../api/away.ts';
import { sessionQuery } from '../api/session.ts';
import { Button } from '../kit/buttons/button.tsx';
import { product } from '../kit/text/product.ts';
import { useClock, useNow } from '../kit/time/clock.ts';
import { relative, short } from '../kit/time/time.ts';
import css from './notice.module.css';

const TRY_EVERY_MS = 5_000;

/** The API does not answer: the last data stay, under a line that says since when. It is asked until it answers. */
export function Away() {
  const since = useAwaySince();
  const now = useNow(1_000);
  const [clock] = useClock();
  const queryClient = useQueryClient();
  const isAway = since !== undefined;
  const wasAway = useRef(false);
  useEffect(() => {
    if (!isAway) {
      if (wasAway.current) void queryClient.refetchQueries({ type: 'active' });
      wasAway.current = false;
      return undefined;
    }
    wasAway.current = true;
    const timer = setInterval(() => {
      if (!document.hidden) void queryClient.refetchQueries({ queryKey: sessionQuery.queryKey });
    }, TRY_EVERY_MS);
    return () => clearInterval(timer);
  }, [isAway, queryClient]);
  if (since === undefined) return null;
  return (
    <div className={css.notice} role="alert">
      <p>
        {product()} has not answered since{' '}
        <time dateTime={new Date(since).toISOString()}>
          {short(since, now, clock === 'utc' ? 'utc' : 'local')}
        </time>
        , <span aria-hidden="true">{relative(since, now)}</span>. What you see is what it said last.
      </p>
      <Button icon="refresh-cw" onClick={() => void queryClient.refetchQueries({ type: 'active' })}>
        Try now
      </Button>
    </div>
  );
}
