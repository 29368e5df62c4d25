import { errorAt } from '../api/problem.tsx';
import { Field } from '../kit/fields/field.tsx';
import css from './attributes-field.module.css';

type AttributesFieldProps = {
  label: string;
  /** Of the call that had the attributes, at `pointer`. */
  error: unknown;
  pointer: string;
  /** As `attributeLines` writes them. */
  value: string;
  onChange: (lines: string) => void;
};

export function AttributesField({ label, error, pointer, value, onChange }: AttributesFieldProps) {
  return (
    <Field label={label} hint="One a line, such as region=eu." error={errorAt(error, pointer)}>
      {(control) => (
        <textarea
          {...control}
          className={`${control.className} ${css.lines}`}
          spellCheck={false}
          value={value}
          onChange={(change) => onChange(change.target.value)}
        />
      )}
    </Field>
  );
}
