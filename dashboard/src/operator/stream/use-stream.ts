import { useEffect, useRef, useState } from 'react';
import type { Outcome } from '../../../../sdk/typescript/src/outcome-stream.ts';
import { clientOf } from '../../api/client.ts';
import type { StreamFilter } from './follow-commands.ts';
import { StreamBuffer } from './stream-buffer.ts';

/** Four times a second is as fast as anyone reads. */
const DRAW_MS = 250;

export type Shown = {
  outcomes: Outcome[];
  /** Came since they were drawn last. */
  waiting: number;
  rate: number;
  error: unknown;
};

/**
 * Follows outcomes while the page is visible. While `isHeld`, they come in but the list stays as it is. A new filter begins
 * with an empty list.
 */
export function useStream(project: string, filter: StreamFilter, isHeld: boolean): Shown {
  const [shown, setShown] = useState<Shown>({ outcomes: [], waiting: 0, rate: 0, error: undefined });
  const held = useRef(isHeld);
  held.current = isHeld;
  const key = JSON.stringify(filter);
  useEffect(() => {
    const buffer = new StreamBuffer();
    let drawn = -1;
    let error: unknown;
    let ending: AbortController | undefined;
    const draw = (): void => {
      const now = Date.now();
      const rate = buffer.rate(now);
      if (!held.current && buffer.total !== drawn) {
        drawn = buffer.total;
        setShown({ outcomes: buffer.newest(), waiting: 0, rate, error });
      } else {
        const waiting = buffer.total - Math.max(0, drawn);
        setShown((old) =>
          old.waiting === waiting && old.rate === rate && old.error === error
            ? old
            : { ...old, waiting, rate, error },
        );
      }
    };
    const read = async (signal: AbortSignal): Promise<void> => {
      try {
        const { kind, endpoint, consumer } = JSON.parse(key) as StreamFilter;
        const outcomes = clientOf(project).outcomes.stream({
          signal,
          ...(kind.length > 0 && { kind: kind as Outcome['kind'][] }),
          ...(endpoint.length > 0 && { endpoint }),
          ...(consumer.length > 0 && { consumer }),
        });
        for await (const outcome of outcomes) buffer.add(outcome, Date.now());
      } catch (failure) {
        error = failure;
      }
    };
    const follow = (): void => {
      if (document.hidden) {
        ending?.abort();
        ending = undefined;
      } else if (!ending) {
        ending = new AbortController();
        void read(ending.signal);
      }
    };
    setShown({ outcomes: [], waiting: 0, rate: 0, error: undefined });
    follow();
    document.addEventListener('visibilitychange', follow);
    const timer = setInterval(draw, DRAW_MS);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', follow);
      ending?.abort();
    };
  }, [project, key]);
  return shown;
}
