import { type ReactNode, useId } from 'react';
import css from './field.module.css';

type FieldProps = {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Gets the attributes that tie the control to its label, hint and error. */
  children: (control: {
    id: string;
    className: string | undefined;
    'aria-describedby': string;
    'aria-invalid': boolean;
  }) => ReactNode;
};

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        className: css.control,
        'aria-describedby': `${id}-hint ${id}-error`,
        'aria-invalid': error !== undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className={css.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={css.error}>
          {error}
        </p>
      )}
    </div>
  );
}

type CheckProps = {
  label: string;
  /** Why it cannot be changed. */
  fixed?: string | undefined;
  checked: boolean;
  onChange: (checked: boolean) => void;
};

export const Check = ({ label, fixed, checked, onChange }: CheckProps) => (
  <label className={css.check}>
    <input
      type="checkbox"
      checked={checked}
      disabled={fixed !== undefined}
      onChange={(event) => onChange(event.target.checked)}
    />
    <span>
      {label}
      {fixed !== undefined && <span className={css.fixed}>{fixed}</span>}
    </span>
  </label>
);
