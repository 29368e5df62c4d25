import { errorAt } from '../../api/problem.tsx';
import { useExample, useKnownTypes } from '../../catalogue/known-types.ts';
import { hasExampleOf, testTypeFor } from '../../catalogue/test-type.ts';
import { TypeField } from '../../catalogue/type-field.tsx';
import { JsonField } from '../../json-view/json-field.tsx';
import type { TestDraft } from './test-draft.ts';

const WITHOUT_EXAMPLE = '{\n  "test": true\n}';

/** The draft with what stands in the fields before anybody has written: a type that the endpoint gets, and its example. */
export function useWrittenTest(project: string, patterns: string[], { type, data }: TestDraft) {
  const { known, isReady } = useKnownTypes(project);
  const shownType = type ?? testTypeFor(patterns, known);
  const hasExample = hasExampleOf(shownType, known);
  const example = useExample(project, shownType, known);
  return {
    known,
    /** Before, it is not known whether the type has an example. */
    isReady,
    type: shownType,
    text: data ?? (hasExample ? (example ?? '') : WITHOUT_EXAMPLE),
    /** Undefined: the API sends the example, which has its exact bytes. */
    data: data ?? (hasExample ? undefined : WITHOUT_EXAMPLE),
  };
}

type WrittenTestProps = {
  test: ReturnType<typeof useWrittenTest>;
  error: unknown;
  onChange: (draft: TestDraft) => void;
};

/** Any type with any data: a project needs no catalogue. */
export const WrittenTest = ({ test: { known, type, text }, error, onChange }: WrittenTestProps) => (
  <>
    <TypeField
      label="Event type"
      hint="Only this endpoint gets it, whatever it subscribes to, marked as a test."
      known={known}
      error={errorAt(error, '/type')}
      value={type}
      onChange={(written) => onChange({ type: written })}
    />
    <JsonField
      label="Data"
      hint="JSON. It begins as the example of the type, if the catalogue has one."
      error={error}
      pointer="/data"
      value={text}
      onChange={(data) => onChange({ type, data })}
    />
  </>
);
