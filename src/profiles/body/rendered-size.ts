import type { Profile } from '../profile.ts';
import type { FieldProblem } from './reserialize.ts';
import { compileTemplate, isTemplate, type TemplateValues } from './template.ts';

/** A template may contain an attribute of 16 KiB many times, so the size is computed before anything is rendered. */
const MAX_BODY_CHARACTERS = 64 * 1024;
/** Of all header values together. Many receivers accept at most 8 to 16 KiB of headers. */
const MAX_HEADER_CHARACTERS = 8 * 1024;

// Ingest has no signature yet. Three signatures (SHA-512 in hex, with the text of the format) have about 512 characters.
const SIGNATURE_PLACEHOLDER = { sentAt: 9_999_999_999, signature: 'x'.repeat(512) };

/** Compiles the check at ingest that rendered templates stay within the limits. The data is not counted. */
export function compileSizeCheck({
  body,
  headers,
}: Pick<Profile, 'body' | 'headers'>): (event: TemplateValues) => FieldProblem[] {
  const inBody = Object.values(body).filter(isTemplate).map(compileTemplate);
  const inHeaders = Object.values(headers).map(compileTemplate);

  const problem = (part: string, characters: number): FieldProblem => ({
    pointer: '/attributes',
    detail: `must be shorter: the profile would render more than ${characters} characters in the ${part}`,
  });

  return (event) => {
    const signed = { ...event, ...SIGNATURE_PLACEHOLDER };
    const bodyLength = inBody.reduce((sum, template) => sum + template.renderedLength(event), 0);
    const headerLength = inHeaders.reduce((sum, template) => sum + template.renderedLength(signed), 0);
    return [
      ...(bodyLength > MAX_BODY_CHARACTERS ? [problem('body', MAX_BODY_CHARACTERS)] : []),
      ...(headerLength > MAX_HEADER_CHARACTERS ? [problem('headers', MAX_HEADER_CHARACTERS)] : []),
    ];
  };
}
