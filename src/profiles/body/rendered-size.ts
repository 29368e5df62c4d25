import type { Profile } from '../profile.ts';
import type { Problem } from './reserialize.ts';
import { compileTemplate, type TemplateValues } from './template.ts';

/** A template can name an attribute of a megabyte a thousand times: what it writes is measured before it is made. */
export const MAX_BODY_CHARACTERS = 64 * 1024;
/** Of the values of all headers. Receivers commonly take no more than 8 to 16 KiB of headers. */
export const MAX_HEADER_CHARACTERS = 8 * 1024;

// At ingest there is no signature yet: three secrets' worth of SHA-512 in hex, with what the format puts around it.
const SIGNED = { sentAt: 9_999_999_999, signature: 'x'.repeat(512) };

/** Checks at ingest what the templates would write of an event, apart from its data. */
export function compileSizeCheck({
  body,
  headers,
}: Pick<Profile, 'body' | 'headers'>): (event: TemplateValues) => Problem[] {
  const inBody = Object.values(body).flatMap((value) =>
    typeof value === 'string' && value !== '$data' && value !== '$test' ? [compileTemplate(value)] : [],
  );
  const inHeaders = Object.values(headers).map(compileTemplate);

  const problem = (what: string, characters: number): Problem => ({
    pointer: '/attributes',
    detail: `the profile would write more than ${characters} characters into the ${what}`,
  });

  return (event) => {
    const signed = { ...event, ...SIGNED };
    const bodyLength = inBody.reduce((sum, template) => sum + template.renderedLength(event), 0);
    const headerLength = inHeaders.reduce((sum, template) => sum + template.renderedLength(signed), 0);
    return [
      ...(bodyLength > MAX_BODY_CHARACTERS ? [problem('body', MAX_BODY_CHARACTERS)] : []),
      ...(headerLength > MAX_HEADER_CHARACTERS ? [problem('headers', MAX_HEADER_CHARACTERS)] : []),
    ];
  };
}
