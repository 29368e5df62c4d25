import type { Preview, Signing } from '../../../sdk/typescript/src/models.ts';

/** What a part of a request is to its signature. */
export type SignedPart = 'id' | 'time' | 'body' | 'signature';

/** A piece of text; without a part it is neither signed nor a signature. */
export type Piece = { text: string; part?: SignedPart };

type Scheme = Pick<Signing, 'headers' | 'signature'>;
type Signed = Pick<Preview, 'id' | 'sentAt' | 'body'>;

const PART_OF: Record<string, SignedPart> = {
  id: 'id',
  sentAt: 'time',
  body: 'body',
  signature: 'signature',
};

/** The time of signing as it is signed: in epoch seconds. */
const secondsOf = ({ sentAt }: Signed): string => String(Math.floor(Date.parse(sentAt) / 1_000));

/** The bytes over which the signature is computed, piece by piece. */
export function signedContent(scheme: Scheme, preview: Signed): Piece[] {
  const values: Record<string, string> = { id: preview.id, sentAt: secondsOf(preview), body: preview.body };
  return scheme.signature.content
    .split(/(\$[A-Za-z]+)/)
    .filter((text) => text !== '')
    .map((text) => {
      const name = text.slice(1);
      const value = text.startsWith('$') ? values[name] : undefined;
      return value === undefined ? { text } : { text: value, part: PART_OF[name]! };
    });
}

/** Whether the signature covers a part. */
export const covers = (scheme: Scheme, part: 'id' | 'time' | 'body'): boolean =>
  scheme.signature.content.includes({ id: '$id', time: '$sentAt', body: '$body' }[part]);

const ESCAPED = /[.*+?^${}()|[\]\\]/g;
const REFERENCE = /\$(?:(\$)|attributes\.[A-Za-z0-9._-]{1,128}|([A-Za-z]*))/g;

/**
 * Divides the value of a header by its template, so that what is signed and what is the signature can be marked. A value
 * that does not follow the template is one piece.
 */
export function headerPieces(name: string, value: string, scheme: Scheme): Piece[] {
  const template = Object.entries(scheme.headers).find(
    ([key]) => key.toLowerCase() === name.toLowerCase(),
  )?.[1];
  if (template === undefined) return [{ text: value }];
  const parts: (SignedPart | undefined)[] = [];
  let pattern = '';
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    const literal = template.slice(end, match.index) + (match[1] ?? '');
    pattern += literal === '' ? '' : `(${literal.replace(ESCAPED, '\\$&')})`;
    if (literal !== '') parts.push(undefined);
    end = match.index + match[0].length;
    if (match[1]) continue;
    const part = PART_OF[match[2] ?? ''];
    pattern += '(.*?)';
    parts.push(part && (part === 'signature' || covers(scheme, part)) ? part : undefined);
  }
  const rest = template.slice(end);
  if (rest !== '') parts.push(undefined);
  const found = new RegExp(`^${pattern}${rest === '' ? '' : `(${rest.replace(ESCAPED, '\\$&')})`}$`).exec(
    value,
  );
  if (!found) return [{ text: value }];
  return found
    .slice(1)
    .map((text, index) => ({ text, ...(parts[index] && { part: parts[index] }) }))
    .filter(({ text }) => text !== '');
}
