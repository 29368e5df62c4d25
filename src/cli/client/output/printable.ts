/**
 * Control characters, line separators, marks that reorder or hide text, and characters without a meaning. A terminal
 * would execute some of them; others make text look different from what it is.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Returns the text with an escape such as `\u001b` instead of each character that is not printed as itself. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escaped(character));

/** One line of JSON, in which such characters are escaped too: `JSON.stringify` leaves most of them alone. */
export const jsonLine = (value: unknown): string => JSON.stringify(value).replace(UNPRINTABLE, escaped);

/** As JSON writes it: characters beyond U+FFFF are two escapes. */
const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
