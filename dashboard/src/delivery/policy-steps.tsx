import type { DeliveryDetails } from '../../../sdk/typescript/src/models.ts';
import { Icon } from '../kit/icons/icon.tsx';
import { duration } from '../kit/time/time.ts';
import css from './delivery.module.css';

/** The steps of the retry policy: those that failed, the one that delivered, and those to come. */
export function PolicySteps({ details }: { details: DeliveryDetails }) {
  const { attempts, status } = details;
  const { delays, timeout, jitter } = details.policy;
  const delivered = status === 'delivered' ? attempts - 1 : undefined;
  return (
    <>
      <ol className={css.steps}>
        {[0, ...delays].map((seconds, step) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: the index is the step
            key={step}
            className={css.step}
            data-done={step < attempts}
          >
            {step < attempts && <Icon name={step === delivered ? 'check' : 'x'} size={11} />}
            {step === 0 ? 'at once' : `+${duration(seconds * 1_000)}`}
          </li>
        ))}
      </ol>
      <span className={css.note}>
        {timeout} s per attempt{jitter > 0 && `, up to ${Math.round(jitter * 100)} % later at random`}
      </span>
    </>
  );
}
