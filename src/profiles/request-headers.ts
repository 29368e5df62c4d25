import type { SecretKeyEncoding } from '../signing/secret-key.ts';
import { compileSigner } from '../signing/sign.ts';
import { compileTemplate, type TemplateValues } from './body/template.ts';
import type { Profile } from './profile.ts';

/** The default, which a profile may override. */
const CONTENT_TYPE = { 'content-type': 'application/json' };

export type HeaderInput = Omit<TemplateValues, 'signature'> & {
  /** When this attempt is signed, in epoch seconds. */
  sentAt: number;
  body: Buffer;
  /** Newest first. */
  secrets: string[];
};

export type CompiledHeaders = {
  render(input: HeaderInput): Record<string, string>;
  lowerCaseNames: string[];
  /** The variables in any of the templates. */
  variables: Set<string>;
};

/** Compiles the header templates and the signature. `render` returns the headers of one attempt. */
export function compileHeaders(
  profile: Pick<Profile, 'headers' | 'signature'>,
  keyEncoding: SecretKeyEncoding,
): CompiledHeaders {
  const sign = compileSigner(profile.signature, keyEncoding);
  const profileHeaderNames = Object.keys(profile.headers).map((name) => name.toLowerCase());
  const templates = Object.entries({
    ...(profileHeaderNames.includes('content-type') ? {} : CONTENT_TYPE),
    ...profile.headers,
  }).map(([name, text]) => [name, compileTemplate(text)] as const);

  return {
    render: (input) => {
      const { id, type, createdAt, sequence, consumer, attributes, sentAt } = input;
      const signature = sign(input, input.secrets);
      const values = { id, type, createdAt, sequence, consumer, attributes, sentAt, signature };
      const headers: Record<string, string> = {};
      for (const [name, template] of templates) headers[name] = template.render(values);
      return headers;
    },
    lowerCaseNames: templates.map(([name]) => name.toLowerCase()),
    variables: new Set(templates.flatMap(([, template]) => [...template.variables])),
  };
}
