import { type ReactNode, useMemo, useState } from 'react';
import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';
import { Field } from '../kit/fields/field.tsx';
import { isUsableJson, jsonProblem } from './json-problem.ts';
import { violationsText } from './violation-words.ts';

/** What is wrong makes the form longer: at once, it would move the button that the pointer is pressing. */
const AFTER_A_CLICK_MS = 250;

type JsonFieldProps = {
  label: string;
  hint?: ReactNode;
  /** Of the call that has sent it, and where it stood in its body: `/data`. */
  error: unknown;
  pointer: string;
  /** Whether it may be empty. */
  isOptional?: boolean;
  className?: string | undefined;
  value: string;
  onChange: (value: string) => void;
};

/** JSON as people write it. What is wrong stands below, with its line, once they have left the field. */
export function JsonField(props: JsonFieldProps) {
  const { label, hint, error, pointer, isOptional = false, className = '', value, onChange } = props;
  const [wasLeft, setLeft] = useState(false);
  // The lines are those of the text that was sent.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const refused = useMemo(
    () =>
      error instanceof PosthornError
        ? violationsText(error.errors, pointer, value, label.toLowerCase())
        : undefined,
    [error],
  );
  const problem = isUsableJson(value, isOptional) ? undefined : jsonProblem(value);
  return (
    <Field label={label} hint={hint} error={(wasLeft ? problem : undefined) ?? refused}>
      {(control) => (
        <textarea
          {...control}
          className={`${control.className} ${className}`}
          spellCheck={false}
          value={value}
          onChange={(change) => onChange(change.target.value)}
          onBlur={() => setTimeout(() => setLeft(problem !== undefined), AFTER_A_CLICK_MS)}
        />
      )}
    </Field>
  );
}
