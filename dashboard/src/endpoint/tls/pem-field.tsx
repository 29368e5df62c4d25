import { type ReactNode, useRef, useState } from 'react';
import { Button } from '../../kit/buttons/button.tsx';
import { Field } from '../../kit/fields/field.tsx';
import css from './tls.module.css';

/** What the API takes. */
const MAX_BYTES = 32_768;

type PemFieldProps = {
  label: string;
  hint: ReactNode;
  error: string | undefined;
  /** Shows dots instead of its text. */
  isSecret?: boolean;
  value: string;
  onChange: (text: string) => void;
};

/** PEM text that is pasted, or read from a file of the reader's computer. */
export function PemField({ label, hint, error, isSecret = false, value, onChange }: PemFieldProps) {
  const file = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<string>();
  const change = (text: string): void => {
    setRefused(undefined);
    onChange(text);
  };
  const read = async (chosen: File): Promise<void> => {
    const text = chosen.size > MAX_BYTES ? undefined : await chosen.text();
    if (text === undefined) setRefused(`The file ${chosen.name} is larger than 32 KiB.`);
    else if (!text.includes('-----BEGIN '))
      setRefused(
        `The file ${chosen.name} is not PEM text, which has lines such as -----BEGIN CERTIFICATE-----.`,
      );
    else change(text);
  };
  return (
    <div className={css.pem}>
      <Field label={label} hint={hint} error={refused ?? error}>
        {(control) => (
          <textarea
            {...control}
            className={`${control.className} ${isSecret ? css.secret : ''}`}
            rows={4}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={value}
            onChange={(event) => change(event.target.value)}
          />
        )}
      </Field>
      <div>
        <Button onClick={() => file.current?.click()} aria-label={`Choose a file: ${label}`}>
          Choose a file
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={`File: ${label}`}
          accept=".pem,.crt,.cer,.key,.txt"
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            // The same file may be chosen again, after it was changed.
            event.target.value = '';
            if (chosen) void read(chosen);
          }}
        />
      </div>
    </div>
  );
}
