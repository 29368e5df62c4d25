import { useEffect, useMemo, useRef, useState } from 'react';
import { CopyButton } from '../kit/buttons/copy.tsx';
import { bytes as bytesText } from '../kit/text/bytes.ts';
import css from './body-view.module.css';
import { hexLines } from './hex.ts';
import { MAX_MATCHES, matchesIn, piecesOf } from './matches.ts';
import { prettyTokens, type Token } from './tokens.ts';

export type BodyForm = 'raw' | 'pretty' | 'hex';

const FORMS: [BodyForm, string][] = [
  ['pretty', 'Pretty'],
  ['raw', 'Raw'],
  ['hex', 'Hex'],
];

/** Drawn at first: enough to read, little enough for a page that stays quick. */
const DRAWN = 64 * 1024;
const DRAWN_HEX = 4 * 1024;

type BodyViewProps = {
  text: string;
  /** Names it for readers: `Request body`. */
  label: string;
  form: BodyForm;
  onForm: (form: BodyForm) => void;
};

/** A body as text: markup in it stays text. */
export function BodyView({ text, label, form, onForm }: BodyViewProps) {
  const [whole, setWhole] = useState(false);
  const [find, setFind] = useState('');
  const [chosen, setChosen] = useState(0);
  const encoded = useMemo(() => new TextEncoder().encode(text), [text]);
  const limit = form === 'hex' ? DRAWN_HEX : DRAWN;
  const isCut = !whole && text.length > limit;
  const tokens = useMemo(
    () => tokensOf(isCut ? text.slice(0, limit) : text, form, isCut),
    [text, form, isCut, limit],
  );
  const matches = useMemo(() => matchesIn(tokens.map((token) => token.text).join(''), find), [tokens, find]);
  const current = matches.length === 0 ? 0 : chosen % matches.length;
  return (
    <section className={css.body} aria-label={label}>
      <div className={css.bar}>
        <h3>{label}</h3>
        <fieldset className={css.forms} aria-label={`Form of the ${label.toLowerCase()}`}>
          {FORMS.map(([value, name]) => (
            <button
              key={value}
              type="button"
              className={css.form}
              aria-pressed={form === value}
              onClick={() => onForm(value)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <span className={css.size}>{bytesText(encoded.length)}</span>
        <input
          className={css.find}
          type="search"
          placeholder="Find in body"
          aria-label={`Find in ${label.toLowerCase()}`}
          title="Enter: the next, Shift Enter: the one before"
          value={find}
          onChange={(event) => {
            setFind(event.target.value);
            setChosen(0);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || matches.length === 0) return;
            event.preventDefault();
            setChosen((current + (event.shiftKey ? matches.length - 1 : 1)) % matches.length);
          }}
        />
        {find !== '' && (
          <span className={css.size} role="status">
            {countText(matches.length, current)}
            {isCut && ' in what is shown'}
          </span>
        )}
        <CopyButton text={text} what={`the ${label.toLowerCase()}`} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className={css.text} tabIndex={0}>
        <Content tokens={tokens} matches={matches} current={current} />
      </pre>
      {isCut && (
        <button type="button" className={css.more} onClick={() => setWhole(true)}>
          The first {bytesText(limit)} are shown. Show all {bytesText(encoded.length)}
        </button>
      )}
    </section>
  );
}

function countText(found: number, current: number): string {
  if (found === 0) return 'not found';
  return `${current + 1} of ${found.toLocaleString()}${found === MAX_MATCHES ? ' or more' : ''}`;
}

function tokensOf(text: string, form: BodyForm, isCut: boolean): Token[] {
  if (form === 'hex') return [{ kind: 'unknown', text: hexLines(new TextEncoder().encode(text)).join('\n') }];
  const plain: Token[] = [{ kind: 'unknown', text }];
  return form === 'pretty' ? (prettyTokens(text, isCut) ?? plain) : plain;
}

type ContentProps = { tokens: Token[]; matches: [number, number][]; current: number };

function Content({ tokens, matches, current }: ContentProps) {
  const pieces = useMemo(() => piecesOf(tokens, matches), [tokens, matches]);
  const mark = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the match that is chosen comes into view
  useEffect(() => {
    // It returns a promise in some browsers, and an effect may not.
    mark.current?.scrollIntoView({ block: 'nearest' });
  }, [current, matches]);
  return pieces.map(({ kind, text, match }, index) => {
    const isCurrent = match === current && pieces[index - 1]?.match !== match;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change their order
      <span key={index} className={css[kind]}>
        {match === undefined ? (
          text
        ) : (
          <mark className={css.mark} data-current={match === current} {...(isCurrent && { ref: mark })}>
            {text}
          </mark>
        )}
      </span>
    );
  });
}
