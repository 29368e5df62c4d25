import { errorAt } from '../../../api/problem.tsx';
import { Check, Field } from '../../../kit/fields/field.tsx';
import { TextField } from '../../../kit/fields/text-field.tsx';
import type { LimitsDraft } from './limit-draft.ts';

type LimitFieldsProps = { draft: LimitsDraft; onChange: (draft: LimitsDraft) => void; error: unknown };

/** How fast, and how many at once. */
export function LimitFields({ draft, onChange, error }: LimitFieldsProps) {
  return (
    <>
      <TextField
        label="Rate limit"
        type="number"
        min={1}
        hint="Requests, evenly spaced. What exceeds it waits, and uses no attempt. Empty: none."
        error={errorAt(error, '/rate')}
        value={draft.rate}
        onChange={(rate) => onChange({ ...draft, rate })}
      />
      <Field label="Rate limit for each">
        {(control) => (
          <select
            {...control}
            value={draft.per}
            onChange={(change) => onChange({ ...draft, per: change.target.value as LimitsDraft['per'] })}
          >
            <option value="second">second</option>
            <option value="minute">minute</option>
          </select>
        )}
      </Field>
      <TextField
        label="Requests at once"
        type="number"
        min={1}
        hint="Empty: no limit of its own."
        error={errorAt(error, '/concurrency')}
        value={draft.concurrency}
        onChange={(concurrency) => onChange({ ...draft, concurrency })}
      />
      <Check
        label="In order: each delivery waits for the one before"
        checked={draft.ordered}
        onChange={(ordered) => onChange({ ...draft, ordered })}
      />
    </>
  );
}
