import { useEffect, useRef } from 'react';

const MAX_PASTED = 200;

/** `Ctrl K` opens the jump box, and so does what is pasted anywhere outside of a field. */
export function useJumpKeys(open: (text: string) => void): void {
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      latest.current('');
    };
    const onPaste = (event: ClipboardEvent): void => {
      const target = event.target;
      const isInField =
        target instanceof HTMLElement && target.closest('input, textarea, select, dialog, [contenteditable]');
      const text = event.clipboardData?.getData('text').trim() ?? '';
      if (isInField || text === '' || text.length > MAX_PASTED) return;
      latest.current(text);
    };
    addEventListener('keydown', onKey);
    addEventListener('paste', onPaste);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('paste', onPaste);
    };
  }, []);
}
