import { type ReactNode, useEffect, useRef } from 'react';
import buttons from '../kit/buttons/button.module.css';
import { Button } from '../kit/buttons/button.tsx';
import field from '../kit/fields/field.module.css';
import css from './settable-part.module.css';

type PartProps = {
  title: string;
  about: string;
  /** What its first button sets. */
  what: string;
  /** What its second button does, if it is set. */
  change?: string;
  /** That it is removed, and what follows. */
  removed: string;
  /** What is wrong with all of it. */
  error?: string | undefined;
  present: ReactNode;
  isChanged: boolean;
  onChange: (act: 'set' | 'remove' | 'keep') => void;
  /** The fields, while it is set anew. */
  children: ReactNode;
};

/** A part of a form that is stored and not read, in one of three states: as it is, set anew, or removed. */
export function SettablePart(props: PartProps) {
  const {
    title,
    about,
    what,
    change = 'Replace',
    removed,
    error,
    present,
    isChanged,
    onChange,
    children,
  } = props;
  const group = useRef<HTMLFieldSetElement>(null);
  const wasPressed = useRef(false);
  const isSet = Boolean(children);
  const the = `the ${title.toLowerCase()}`;
  // The button that had the focus is gone.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the state
  useEffect(() => {
    if (wasPressed.current)
      group.current?.querySelector<HTMLElement>('input:not([hidden]), textarea, button')?.focus();
    wasPressed.current = false;
  }, [isChanged, isSet]);
  // No field of it is marked, and the form may have loaded it for this message.
  const wrong = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (error !== undefined) wrong.current?.focus();
  }, [error]);
  const act = (name: 'set' | 'remove' | 'keep') => (): void => {
    wasPressed.current = true;
    onChange(name);
  };
  return (
    <fieldset ref={group} className={css.part}>
      <legend>{title}</legend>
      <p className={field.hint}>{about}</p>
      {error !== undefined && (
        <p ref={wrong} className={field.error} tabIndex={-1}>
          {error}
        </p>
      )}
      {!isChanged && present}
      {children}
      {isChanged && !isSet && <p>{removed}</p>}
      <div className={buttons.row}>
        {!isChanged && !present && (
          <Button icon="plus" onClick={act('set')}>
            {`Set ${what}`}
          </Button>
        )}
        {!isChanged && present && (
          <>
            <Button onClick={act('set')}>{`${change} ${the}`}</Button>
            <Button onClick={act('remove')}>{`Remove ${the}`}</Button>
          </>
        )}
        {isChanged && (
          <Button onClick={act('keep')}>{present ? `Keep ${the} as before` : `Do not set ${what}`}</Button>
        )}
      </div>
    </fieldset>
  );
}
