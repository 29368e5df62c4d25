import { useState } from 'react';
import type { FailureRules, Project } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { Section } from './section.tsx';
import css from './settings.module.css';
import { useSave } from './use-save.ts';

const RULES: [name: keyof FailureRules, label: string, hint: string][] = [
  ['coolDownAfter', 'Cool down after', 'Failing so long, and 20 times in a row, it gets only single probes.'],
  ['probeEvery', 'First probe after', 'It doubles with each probe that fails, up to 5 minutes.'],
  ['warnAfter', 'Warn after', 'Failing so long, the endpoint is reported: endpoint.failing.'],
  ['warnAgainAfter', 'Warn again after', 'It is reported once more.'],
  ['disableAfter', 'Disable after', 'Its deliveries wait until someone enables it.'],
];

/** What becomes of receivers that only fail. */
export function FailureSection({ project }: { project: Project }) {
  const [rules, setRules] = useState<FailureRules>(project.failures);
  const saving = useSave(project.id);
  return (
    <Section
      title="Receivers that only fail"
      note="Times since the first failure, such as 1m, 2h or 5d. 0 switches a rule off. One success ends them all."
      what="the rules"
      saving={saving}
      onSubmit={() => saving.save({ failures: rules })}
    >
      <div className={css.rules}>
        {RULES.map(([name, label, hint]) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            required
            error={errorAt(saving.error, `/failures/${name}`)}
            value={rules[name]}
            onChange={(text) => setRules({ ...rules, [name]: text.trim() })}
          />
        ))}
      </div>
    </Section>
  );
}
