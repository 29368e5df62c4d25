import { useState } from 'react';
import type { Profile, Project } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { retrySteps } from '../../delivery/retry-steps.ts';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { useNow } from '../../kit/time/clock.ts';
import { duration, short } from '../../kit/time/time.ts';
import { delaysOf, formOf, overrideOf, type PolicyForm } from './policy-form.ts';
import { Section } from './section.tsx';
import css from './settings.module.css';
import { useSave } from './use-save.ts';

type PolicySectionProps = { project: Project; profile: Profile };

export function PolicySection({ project, profile }: PolicySectionProps) {
  const [form, setForm] = useState(() => formOf(project.policy));
  const saving = useSave(project.id);
  const change = (changes: Partial<PolicyForm>): void => setForm({ ...form, ...changes });
  const { policy } = profile;
  const jitter = form.jitter.trim() === '' ? policy.jitter : Number(form.jitter) / 100;
  return (
    <Section
      title="Retry policy"
      note="For events posted from now on. An endpoint may have its own, which goes first."
      what="the policy"
      saving={saving}
      onSubmit={() => saving.save({ policy: overrideOf(form) })}
    >
      <Steps delays={delaysOf(form, profile)} jitter={jitter} />
      <div className={css.two}>
        <Field label="Delays" error={errorAt(saving.error, '/policy/schedule')}>
          {(control) => (
            <select
              {...control}
              value={form.schedule}
              onChange={(event) => change({ schedule: event.target.value as PolicyForm['schedule'] })}
            >
              <option value="profile">Those of the profile</option>
              <option value="default">default: 4 retries over 2 hours and a half</option>
              <option value="three-days">three-days: 9 retries over three days</option>
              <option value="own">Own delays</option>
            </select>
          )}
        </Field>
        <TextField
          label="Own delays"
          hint="Such as 30s, 5m, 2h or 1d, with commas between. At most 20."
          disabled={form.schedule !== 'own'}
          error={errorAt(saving.error, '/policy/delays')}
          value={form.delays}
          onChange={(delays) => change({ delays })}
        />
        <TextField
          label="Timeout of an attempt"
          hint={`1s to 60s. Empty: ${profile.timeout}, as in the profile.`}
          error={errorAt(saving.error, '/policy/timeout')}
          value={form.timeout}
          onChange={(timeout) => change({ timeout })}
        />
        <TextField
          label="Added at random, in percent"
          hint={`Spreads retries out. Empty: ${Math.round(policy.jitter * 100)}, as in the profile.`}
          type="number"
          min={0}
          max={100}
          error={errorAt(saving.error, '/policy/jitter')}
          value={form.jitter}
          onChange={(text) => change({ jitter: text })}
        />
        <TextField
          label="Final statuses"
          hint={`Responses that end a delivery at once, such as 400, 422 or 5xx. Empty: ${policy.finalStatuses?.join(', ') || 'none'}, as in the profile.`}
          error={errorAt(saving.error, '/policy/finalStatuses')}
          value={form.finalStatuses}
          onChange={(finalStatuses) => change({ finalStatuses })}
        />
      </div>
    </Section>
  );
}

/** Each attempt with the time that it means, for a delivery that begins now and always fails at once. */
function Steps({ delays, jitter }: { delays: string[]; jitter: number }) {
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
