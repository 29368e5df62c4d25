import { type ReactNode, useState } from 'react';
import type { AcceptedEvent, Attempt, Delivery } from '../../../../sdk/typescript/src/models.ts';
import { causeOf } from '../../delivery/causes.ts';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { DialogActions } from '../../kit/dialogs/dialog.tsx';
import { StateOf } from '../../kit/status/state.tsx';
import { duration } from '../../kit/time/time.ts';
import css from '../endpoint.module.css';

export type TestResult = {
  event: AcceptedEvent;
  delivery: Delivery | undefined;
  attempt: Attempt | undefined;
};

type TestFormProps = {
  result: TestResult | undefined;
  busy: boolean;
  advice: (attempt: Attempt) => string | undefined;
  stateWord?: ((status: Delivery['status']) => string) | undefined;
  link: (delivery: Delivery) => ReactNode;
  onSubmit: () => void;
  onClose: () => void;
  /** The fields. */
  children: ReactNode;
};

/** What is sent, and below it what came back. */
export function TestForm(props: TestFormProps) {
  const { result, busy, advice, stateWord, link, onSubmit, onClose, children } = props;
  const [form, setForm] = useState<BodyForm>('pretty');
  const { event, delivery, attempt } = result ?? {};
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (!busy) onSubmit();
      }}
    >
      {children}
      {event && (
        <section className={css.answer} aria-label="Answer" aria-live="polite">
          {delivery ? (
            <p className={css.answerLine}>
              <StateOf status={delivery.status} {...(stateWord && { word: stateWord(delivery.status) })} />
              {attempt
                ? `It ${causeOf(attempt)} after ${duration(attempt.durationMs)}.`
                : 'It has not answered within 10 s.'}
            </p>
          ) : (
            <p>Stored, but not sent: the plan of its consumer does not include webhooks.</p>
          )}
          {attempt && attempt.outcome !== 'delivered' && <p>{advice(attempt)}</p>}
          {attempt?.response?.body && (
            <BodyView text={attempt.response.body} label="Response body" form={form} onForm={setForm} />
          )}
          {delivery && <p>{link(delivery)}</p>}
        </section>
      )}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <Button kind="primary" type="submit" icon="send" busy={busy}>
          {event ? 'Send another test' : 'Send the test'}
        </Button>
      </DialogActions>
    </form>
  );
}
