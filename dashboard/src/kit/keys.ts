import { useEffect, useRef } from 'react';
import { readSetting } from '../theme/settings.ts';

/** Single letters do nothing while someone writes, in a dialog, or when they are switched off (WCAG 2.1.4). */
function isShortcut(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  if (readSetting('keys') === 'off' || document.querySelector('dialog[open]')) return false;
  const target = event.target;
  return !(target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]'));
}

/** Calls what belongs to the key; `g e` is `g` and then `e`. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let before = '';
    const onKey = (event: KeyboardEvent): void => {
      if (!isShortcut(event)) return;
      const action = latest.current[`${before} ${event.key}`] ?? latest.current[event.key];
      before = event.key === 'g' ? 'g' : '';
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** `j` and `k` move the focus between the rows of a table: to the first link of each. */
export function useRowKeys(rows: () => HTMLElement[]): void {
  const move = (step: number): void => {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    next?.querySelector<HTMLElement>('a, button')?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
}
