import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState } from 'react';
import { Dialog } from '../../../kit/dialogs/dialog.tsx';
import css from './jump.module.css';
import { type JumpTarget, jumpTargets } from './jump-targets.ts';
import { useNamed } from './use-named.ts';

/** A combobox over ids, screens and what is named in the project. Enter goes to the chosen line. */
export function Jump({ initial, onClose }: { initial: string; onClose: () => void }) {
  const { project } = useParams({ strict: false });
  const navigate = useNavigate();
  const id = useId();
  const [text, setText] = useState(initial);
  const [chosen, setChosen] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  // After the dialog has opened, which focuses its first button.
  useEffect(() => field.current?.select(), []);
  const targets = jumpTargets(text, project, useNamed(project, text));
  const current = Math.min(chosen, Math.max(0, targets.length - 1));
  const go = (target: JumpTarget | undefined): void => {
    if (!target) return;
    onClose();
    void navigate({ to: target.path as '/' });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setChosen((current + step + targets.length) % Math.max(1, targets.length));
    }
    if (event.key === 'Enter') go(targets[current]);
  };
  return (
    <Dialog title="Jump" onClose={onClose}>
      <input
        className={css.input}
        ref={field}
        role="combobox"
        aria-expanded={targets.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={targets.length > 0 ? `${id}-${current}` : undefined}
        aria-label="An id, a screen, an endpoint, a consumer or a type"
        placeholder="evt_…, dlv_…, ep_…, a screen, a part of a URL, a consumer, a type"
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} role="listbox" aria-label="Where to" className={css.list}>
        {targets.map((target, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          <div
            key={`${target.kind} ${target.path} ${target.label}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            ref={index === current ? (option) => option?.scrollIntoView({ block: 'nearest' }) : undefined}
            className={css.option}
            onClick={() => go(target)}
          >
            <span>{target.label}</span>
            <span className={css.kind}>{target.kind}</span>
          </div>
        ))}
      </div>
      {targets.length === 0 && <p className={css.none}>Nothing fits.</p>}
    </Dialog>
  );
}
