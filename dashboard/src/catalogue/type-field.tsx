import type { ReactNode } from 'react';
import { Field } from '../kit/fields/field.tsx';
import type { KnownType } from './test-type.ts';

type TypeFieldProps = {
  label: string;
  hint?: ReactNode;
  /** They are offered; any other may be written. */
  known: KnownType[];
  error?: string | undefined;
  value: string;
  onChange: (type: string) => void;
};

/** An event type as people write it. */
export const TypeField = ({ label, hint, known, error, value, onChange }: TypeFieldProps) => (
  <Field label={label} hint={hint} error={error}>
    {(control) => (
      <>
        <input
          {...control}
          required
          list={`${control.id}-types`}
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(change) => onChange(change.target.value)}
        />
        <datalist id={`${control.id}-types`}>
          {known.map(({ type, description }) => (
            <option key={type} value={type}>
              {description}
            </option>
          ))}
        </datalist>
      </>
    )}
  </Field>
);
