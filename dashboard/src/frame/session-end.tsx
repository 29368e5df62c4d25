import { type ReactNode, useEffect, useState } from 'react';
import { useAwaySince } from '../api/away.ts';
import { Button } from '../kit/buttons/button.tsx';
import { useNow } from '../kit/time/clock.ts';
import { countdown } from '../kit/time/time.ts';
import css from './notice.module.css';

const AHEAD_MS = 120_000;

type SessionEndProps = {
  /** null: it does not end. */
  expiresAt: string | null;
  /** Uses the session, which puts its end off unless it has lasted as long as it may. */
  onExtend: () => Promise<unknown>;
  /** The way to another session, shown when this one cannot be put off. */
  renew?: ReactNode;
};

/** Says two minutes ahead that the session ends, and puts the end off (WCAG 2.2.1). */
export function SessionEnd({ expiresAt, onExtend, renew }: SessionEndProps) {
  const now = useNow(1_000);
  const isAway = useAwaySince() !== undefined;
  const [asked, setAsked] = useState<string>();
  const left = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - now;
  const isOver = left <= 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it has ended: then the frame leads out of it
  useEffect(() => {
    if (isOver) void onExtend();
  }, [isOver]);
  if (left > AHEAD_MS) return null;
  // Using it was answered and did not move the end: it is the end of the whole session.
  const isFinal = asked === expiresAt && !isAway;
  const extend = async (): Promise<void> => {
    await onExtend();
    setAsked(expiresAt ?? undefined);
  };
  return (
    <section className={css.notice} aria-label="Session">
      <p>
        <span role="alert">
          {isFinal
            ? 'Your session has lasted as long as it may, and ends in less than two minutes.'
            : 'Your session ends in less than two minutes.'}
        </span>{' '}
        <strong aria-hidden="true">{countdown(left)}</strong>
      </p>
      {isFinal ? (
        renew
      ) : (
        <Button kind="primary" onClick={() => void extend()}>
          Stay signed in
        </Button>
      )}
    </section>
  );
}
