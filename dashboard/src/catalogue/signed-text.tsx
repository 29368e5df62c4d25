import css from './catalogue.module.css';
import type { Piece, SignedPart } from './signed-parts.ts';

const WORDS: Record<SignedPart, string> = {
  id: 'id, signed',
  time: 'time, signed',
  body: 'body, signed',
  signature: 'the signature',
};

/** Text in which each part has its colour and its kind of underline. */
export function SignedText({ pieces }: { pieces: Piece[] }) {
  return pieces.map(({ text, part }, index) =>
    part === undefined ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change their order
      <span key={index}>{text}</span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <mark key={index} className={`${css.mark} ${css[part]}`} title={WORDS[part]}>
        {text}
      </mark>
    ),
  );
}

export function SignedLegend({ parts }: { parts: SignedPart[] }) {
  return (
    <ul className={css.legend} aria-label="Marks">
      {parts.map((part) => (
        <li key={part}>
          <mark className={`${css.mark} ${css[part]}`}>{WORDS[part]}</mark>
        </li>
      ))}
    </ul>
  );
}
