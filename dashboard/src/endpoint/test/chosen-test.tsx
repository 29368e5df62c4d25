import { useQuery } from '@tanstack/react-query';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';
import { eventTypesQuery } from '../../api/queries.ts';
import { matchesType } from '../../catalogue/type-groups.ts';
import { Field } from '../../kit/fields/field.tsx';
import type { TestDraft } from './test-draft.ts';

/** The types of the catalogue that have an example, and the chosen one: before anybody chose, one that the endpoint gets. */
export function useChosenTest(project: string, { events }: Endpoint, draft: TestDraft) {
  const { data, isPending } = useQuery(eventTypesQuery(project));
  const types = (data ?? []).filter(({ example }) => example !== null).map(({ type }) => type);
  const subscribed = types.find((type) => events.some((pattern) => matchesType(pattern, type)));
  return { types, type: draft.type ?? subscribed ?? types[0], isReady: !isPending };
}

type ChosenTestProps = { test: ReturnType<typeof useChosenTest>; onChange: (draft: TestDraft) => void };

/** A type of the catalogue with its example, for customers, who send nothing of their own. */
export const ChosenTest = ({ test: { types, type }, onChange }: ChosenTestProps) => (
  <Field label="Event type" hint="It gets the example of the type, marked as a test.">
    {(control) => (
      <select {...control} value={type ?? ''} onChange={(change) => onChange({ type: change.target.value })}>
        {types.length === 0 && <option value="">An example event</option>}
        {type !== undefined && !types.includes(type) && <option value={type}>{type}</option>}
        {types.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    )}
  </Field>
);
