import { tell } from '../status/toast.tsx';
import { Button } from './button.tsx';

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied ${what}.`);
  } catch {
    tell('The browser does not let this page copy.', 'bad');
  }
}

/** `what` names it in the message: `the id`. */
export function CopyButton({ text, what, label }: { text: string; what: string; label?: string }) {
  return (
    <Button
      kind={label ? 'plain' : 'quiet'}
      icon="copy"
      iconOnly={!label}
      onClick={() => void copy(text, what)}
    >
      {label ?? `Copy ${what}`}
    </Button>
  );
}
