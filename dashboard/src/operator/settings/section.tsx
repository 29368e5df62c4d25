import type { ReactNode } from 'react';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import css from './settings.module.css';
import type { Save } from './use-save.ts';

type SectionProps = {
  title: string;
  /** What a change means. */
  note: ReactNode;
  saving: Save;
  /** Also names the button: `Save the plans`. */
  what: string;
  onSubmit: () => void;
  children: ReactNode;
};

/** A part of the settings that is saved by itself. */
export function Section({ title, note, saving, what, onSubmit, children }: SectionProps) {
  const mayChange = useMayChange();
  return (
    <Panel title={title}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <p className={css.note}>{note}</p>
        {saving.error !== null && saving.error !== undefined && <Problem error={saving.error} />}
        {/* Nothing in it can be changed by a session that only reads. */}
        <fieldset className={css.fields} disabled={!mayChange}>
          {children}
        </fieldset>
        {saving.warnings.length > 0 && (
          <ul className={css.warnings}>
            {saving.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        )}
        {mayChange && (
          <div>
            <Button kind="primary" type="submit" busy={saving.isSaving}>
              {`Save ${what}`}
            </Button>
          </div>
        )}
      </form>
    </Panel>
  );
}
