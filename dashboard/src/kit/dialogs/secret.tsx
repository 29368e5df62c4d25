import css from './secret.module.css';

/** A secret that is shown once. It stands in the page only, never in a store of the browser. */
export function SecretText({ label, text }: { label: string; text: string }) {
  return (
    <output className={css.secret} aria-label={label}>
      {text}
    </output>
  );
}
