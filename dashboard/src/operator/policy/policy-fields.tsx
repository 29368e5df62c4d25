import { errorAt } from '../../api/problem.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import css from './policy.module.css';
import { delaysOf, type Policy, type PolicyForm } from './policy-form.ts';
import { RetryTimes } from './retry-times.tsx';

type PolicyFieldsProps = {
  form: PolicyForm;
  onChange: (form: PolicyForm) => void;
  error: unknown;
  /** The policy that decides what is left empty here. */
  below: { policy: Policy; name: 'profile' | 'project' };
};

/** The members of a retry policy, and the times that they mean. */
export function PolicyFields({ form, onChange, error, below: { policy, name } }: PolicyFieldsProps) {
  const change = (changes: Partial<PolicyForm>): void => onChange({ ...form, ...changes });
  const jitter = form.jitter.trim() === '' ? policy.jitter : Number(form.jitter) / 100;
  return (
    <>
      <RetryTimes delays={delaysOf(form, policy)} jitter={jitter} />
      <div className={css.fields}>
        <Field label="Delays" error={errorAt(error, '/policy/schedule')}>
          {(control) => (
            <select
              {...control}
              value={form.schedule}
              onChange={(event) => change({ schedule: event.target.value as PolicyForm['schedule'] })}
            >
              <option value="below">{`Those of the ${name}`}</option>
              <option value="default">default: 4 retries over 2 hours and a half</option>
              <option value="three-days">three-days: 9 retries over three days</option>
              <option value="own">Own delays</option>
            </select>
          )}
        </Field>
        <TextField
          label="Own delays"
          hint="Such as 30s, 5m, 2h or 1d, with commas between. At most 20; none: no retry."
          disabled={form.schedule !== 'own'}
          error={errorAt(error, '/policy/delays')}
          value={form.delays}
          onChange={(delays) => change({ delays })}
        />
        <TextField
          label="Timeout of an attempt"
          hint={`1s to 60s. Empty: ${policy.timeout}, as in the ${name}.`}
          error={errorAt(error, '/policy/timeout')}
          value={form.timeout}
          onChange={(timeout) => change({ timeout })}
        />
        <TextField
          label="Jitter, in percent"
          hint={`Makes each delay longer at random, by at most so much. Empty: ${Math.round(policy.jitter * 100)}, as in the ${name}.`}
          type="number"
          min={0}
          max={100}
          error={errorAt(error, '/policy/jitter')}
          value={form.jitter}
          onChange={(text) => change({ jitter: text })}
        />
        <TextField
          label="Final statuses"
          hint={`Responses that end a delivery at once, such as 400, 422 or 5xx. Empty: ${policy.finalStatuses?.join(', ') || 'none'}, as in the ${name}.`}
          error={errorAt(error, '/policy/finalStatuses')}
          value={form.finalStatuses}
          onChange={(finalStatuses) => change({ finalStatuses })}
        />
      </div>
    </>
  );
}
