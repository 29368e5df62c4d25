import type { InputHTMLAttributes, ReactNode } from 'react';
import { Field } from './field.tsx';

type TextFieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  value: string;
  onChange: (value: string) => void;
};

/** A field of one line. */
export function TextField({ label, hint, error, onChange, ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <input {...control} {...input} onChange={(change) => onChange(change.target.value)} />}
    </Field>
  );
}

/** Nothing that the browser knows is offered, because a secret of an endpoint is no password of a person. */
export const SecretField = (props: TextFieldProps) => (
  <TextField {...props} type="password" autoComplete="new-password" />
);
