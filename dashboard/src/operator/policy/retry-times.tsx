import { retrySteps } from '../../delivery/retry-steps.ts';
import { useNow } from '../../kit/time/clock.ts';
import { duration, short } from '../../kit/time/time.ts';
import css from './policy.module.css';

/** Each attempt with the time that it means, for a delivery that begins now and always fails at once. */
export function RetryTimes({ delays, jitter }: { delays: string[]; jitter: number }) {
  const now = useNow(60_000);
  const steps = retrySteps(delays);
  const last = steps.at(-1)!;
  return (
    <figure className={css.policy}>
      <ol className={css.steps}>
        {steps.map(({ delay, after }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the number of the attempt
          <li key={index} className={css.step}>
            <span className={css.stepNumber}>{index + 1}</span>
            <strong>{index === 0 ? 'at once' : `+${duration(delay * 1_000)}`}</strong>
            <span className={css.note}>
              {index > 1 && `after ${duration(after * 1_000)} · `}
              {short(now + after * 1_000, now, 'local')}
            </span>
          </li>
        ))}
      </ol>
      <figcaption className={css.note}>
        {last.after === 0
          ? 'One attempt, and no retry.'
          : `${steps.length} attempts. A delivery that always fails is undeliverable after ${duration(last.after * 1_000)}${jitter > 0 ? `, or up to ${Math.round(jitter * 100)} % later` : ''}. The times are those of one that begins now.`}
      </figcaption>
    </figure>
  );
}
