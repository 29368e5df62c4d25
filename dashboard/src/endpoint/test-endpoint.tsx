import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Attempt, Delivery, Endpoint } from '../../../sdk/typescript/src/models.ts';
import { clientOf } from '../api/client.ts';
import { Problem } from '../api/problem.tsx';
import { eventTypesQuery } from '../api/queries.ts';
import { causeOf } from '../delivery/causes.ts';
import { type BodyForm, BodyView } from '../json-view/body-view.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../kit/dialogs/dialog.tsx';
import { Field } from '../kit/fields/field.tsx';
import { StateOf } from '../kit/status/state.tsx';
import { duration } from '../kit/time/time.ts';
import css from './endpoint.module.css';
import { testEndpoint } from './test-call.ts';

type TestEndpointProps = {
  project: string;
  endpoint: Endpoint;
  /** Chosen at first; without it, the first of the catalogue. */
  type?: string;
  onClose: () => void;
  onSent: () => Promise<void>;
  /** What to do about a failure. */
  advice: (attempt: Attempt) => string | undefined;
  /** Leads to the whole request and response. */
  link: (delivery: Delivery) => ReactNode;
};

/** Sends an example event to this endpoint alone, and shows what it answers. */
export function TestEndpoint({
  project,
  endpoint,
  type: first = '',
  onClose,
  onSent,
  advice,
  link,
}: TestEndpointProps) {
  const { data: types } = useQuery(eventTypesQuery(project));
  const [type, setType] = useState(first);
  const [form, setForm] = useState<BodyForm>('pretty');
  const test = useMutation({
    mutationFn: () => testEndpoint(clientOf(project), endpoint.id, type),
    onSuccess: onSent,
  });
  const { event, delivery, attempt } = test.data ?? {};
  return (
    <Dialog title="Test this endpoint" onClose={onClose} wide>
      {test.error && <Problem error={test.error} />}
      <Field label="Event type" hint="It gets the example of the type, marked as a test.">
        {(control) => (
          <select {...control} value={type} onChange={(change) => setType(change.target.value)}>
            <option value="">
              {types?.every(({ example }) => example === null)
                ? 'An example event'
                : 'The first of the catalogue'}
            </option>
            {types?.map((entry) => (
              <option key={entry.type} value={entry.type}>
                {entry.type}
              </option>
            ))}
          </select>
        )}
      </Field>
      {event && delivery && (
        <section className={css.answer} aria-label="Answer" aria-live="polite">
          <p>
            <StateOf status={delivery.status} />{' '}
            {attempt
              ? `It ${causeOf(attempt)} after ${duration(attempt.durationMs)}.`
              : 'It has not answered within 10 s.'}
          </p>
          {attempt && attempt.outcome !== 'delivered' && <p>{advice(attempt)}</p>}
          {attempt?.response?.body && (
            <BodyView text={attempt.response.body} label="Response body" form={form} onForm={setForm} />
          )}
          <p>{link(delivery)}</p>
        </section>
      )}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <Button kind="primary" icon="send" busy={test.isPending} onClick={() => test.mutate()}>
          {event ? 'Send another test' : 'Send the test'}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
