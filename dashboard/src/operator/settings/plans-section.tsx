import { useState } from 'react';
import type { Profile, Project } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { Section } from './section.tsx';
import { useSave } from './use-save.ts';

export function PlansSection({ project, profile }: { project: Project; profile: Profile }) {
  const [isOwn, setOwn] = useState(project.plans !== null);
  const [plans, setPlans] = useState((project.plans ?? profile.plans ?? []).join(', '));
  const saving = useSave(project.id);
  const ofProfile = profile.plans ? `only in ${profile.plans.join(', ')}` : 'in every plan';
  return (
    <Section
      title="Plans"
      note="Consumers of other plans get no deliveries: theirs are held, and released when the plan includes webhooks again."
      what="the plans"
      saving={saving}
      onSubmit={() =>
        saving.save({ plans: isOwn ? plans.split(/[\s,]+/).filter((plan) => plan !== '') : null })
      }
    >
      <Field label="Webhooks are">
        {(control) => (
          <select
            {...control}
            value={isOwn ? 'own' : 'profile'}
            onChange={(change) => setOwn(change.target.value === 'own')}
          >
            <option value="profile">{`As in the profile: ${ofProfile}`}</option>
            <option value="own">Only in these plans</option>
          </select>
        )}
      </Field>
      <TextField
        label="These plans"
        hint="With commas between. A consumer without a plan is on free."
        disabled={!isOwn}
        error={errorAt(saving.error, '/plans')}
        value={plans}
        onChange={setPlans}
      />
    </Section>
  );
}
