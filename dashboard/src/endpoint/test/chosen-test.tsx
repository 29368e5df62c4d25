import { useQuery } from '@tanstack/react-query';
import { eventTypesQuery } from '../../api/queries.ts';
import { Field } from '../../kit/fields/field.tsx';
import type { TestDraft } from './test-draft.ts';

type ChosenTestProps = { project: string; type: string | undefined; onChange: (draft: TestDraft) => void };

/** A type of the catalogue with its example, for customers, who send nothing of their own. */
export function ChosenTest({ project, type, onChange }: ChosenTestProps) {
  const { data: types } = useQuery(eventTypesQuery(project));
  return (
    <Field label="Event type" hint="It gets the example of the type, marked as a test.">
      {(control) => (
        <select
          {...control}
          value={type ?? ''}
          onChange={(change) => onChange({ type: change.target.value || undefined })}
        >
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
  );
}
