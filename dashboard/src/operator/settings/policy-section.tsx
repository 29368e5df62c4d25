import { useState } from 'react';
import type { Profile, Project } from '../../../../sdk/typescript/src/models.ts';
import { PolicyFields } from '../policy/policy-fields.tsx';
import { formOf, overrideOf, policyOf } from '../policy/policy-form.ts';
import { Section } from './section.tsx';
import { useSave } from './use-save.ts';

type PolicySectionProps = { project: Project; profile: Profile };

export function PolicySection({ project, profile }: PolicySectionProps) {
  const [form, setForm] = useState(() => formOf(project.policy));
  const saving = useSave(project.id);
  return (
    <Section
      title="Retry policy"
      note="For events posted from now on. An endpoint may have its own, which goes first."
      what="the policy"
      saving={saving}
      onSubmit={() => saving.save({ policy: overrideOf(form) })}
    >
      <PolicyFields
        form={form}
        onChange={setForm}
        error={saving.error}
        below={{ policy: policyOf(profile), name: 'profile' }}
      />
    </Section>
  );
}
