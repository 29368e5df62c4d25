import { useState } from 'react';
import type { Project } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { Check } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { Section } from './section.tsx';
import { useSave } from './use-save.ts';

export function DataSection({ project }: { project: Project }) {
  const [isEnforced, setEnforced] = useState(project.schemas === 'enforced');
  const [retention, setRetention] = useState(project.payloadRetention ?? '');
  const saving = useSave(project.id);
  return (
    <Section
      title="Data"
      note="Payloads are data, bodies and headers of requests and responses. Once removed, they cannot be had back."
      what="the data settings"
      saving={saving}
      onSubmit={() =>
        saving.save({
          schemas: isEnforced ? 'enforced' : 'off',
          payloadRetention: retention.trim() === '' ? null : retention.trim(),
        })
      }
    >
      <Check
        label="Refuse events that violate the schema of their type"
        checked={isEnforced}
        onChange={setEnforced}
      />
      <TextField
        label="Remove payloads after"
        hint="Such as 7d, once the event has settled. Empty: they stay as long as the event."
        error={errorAt(saving.error, '/payloadRetention')}
        value={retention}
        onChange={setRetention}
      />
    </Section>
  );
}
