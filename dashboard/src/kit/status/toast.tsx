import { useSyncExternalStore } from 'react';
import css from './toast.module.css';

type Message = { id: number; text: string; tone: 'good' | 'info' | 'bad' };

let messages: Message[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

/** Shows a message for some seconds, and reads it out. What must be read stands in the page instead. */
export function tell(text: string, tone: Message['tone'] = 'good'): void {
  const message = { id: nextId++, text, tone };
  change([...messages.slice(-2), message]);
  setTimeout(() => change(messages.filter(({ id }) => id !== message.id)), 6_000);
}

/** Those of a session that has ended. */
export const forgetToasts = (): void => change([]);

/** The one polite live region of the page. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => messages,
  );
  return (
    <div className={css.toasts} role="status" aria-live="polite">
      {shown.map(({ id, text, tone }) => (
        <p key={id} className={`${css.toast} ${css[tone]}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
