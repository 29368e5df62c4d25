import { prettyTokens } from '../../json-view/tokens.ts';

/** A body that the one at hand may have been, and what is known if the signature fits it. */
export type BodyChange = {
  change(body: string): string | undefined;
  /** What the match proves. */
  found: string;
  /** What it does not prove: how that may have come. */
  likely: string;
};

const COPIED = 'It was changed when the body was logged or copied.';

/** What often happens to a body on its way from the request to this page. The first that fits is named. */
export const BODY_CHANGES: BodyChange[] = [
  {
    change: (body) => body.replace(/\r?\n$/, ''),
    found: 'It fits without the line break at the end.',
    likely: COPIED,
  },
  { change: (body) => `${body}\n`, found: 'It fits with a line break at the end.', likely: COPIED },
  {
    change: (body) => body.trim(),
    found: 'It fits without the spaces and line breaks around it.',
    likely: COPIED,
  },
  {
    change: (body) => body.replaceAll('\r\n', '\n'),
    found: String.raw`It fits with \n as line breaks.`,
    likely: COPIED,
  },
  {
    change: (body) => body.replaceAll(/\r?\n/g, '\r\n'),
    found: String.raw`It fits with \r\n as line breaks.`,
    likely: String.raw`The field above turns \r\n into \n. If your server reads the raw body, it has the right one.`,
  },
  {
    change: (body) => spaced(body, ',', ':'),
    found: 'It fits without spaces and line breaks between its parts.',
    likely: 'A log indented it, or your server parses the body and writes it again. Check the raw body.',
  },
  {
    change: (body) => spaced(body, ', ', ': '),
    found: 'It fits with one space after each comma and colon.',
    likely: 'Your server parses the body and writes it again without these spaces. Check the raw body.',
  },
  {
    change: rewritten,
    found: 'It fits when JavaScript parses it and writes it again.',
    likely: 'Something between your server and this page wrote it in another way. Check the raw body.',
  },
];

/** JSON with other text between its parts, which are not read: numbers keep all their digits. */
function spaced(json: string, comma: string, colon: string): string | undefined {
  return prettyTokens(json)
    ?.filter(({ kind }) => kind !== 'space')
    .map(({ kind, text }) => {
      if (kind !== 'punctuation') return text;
      return text === ',' ? comma : text === ':' ? colon : text;
    })
    .join('');
}

function rewritten(body: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return undefined;
  }
}
