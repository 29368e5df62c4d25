import type { SecretKeyEncoding } from '../signing/secret-key.ts';
import { compileSigner } from '../signing/sign.ts';
import { compileTemplate, type TemplateValues } from './body/template.ts';
import type { Profile } from './profile.ts';

/** Unless the profile says otherwise: every body is JSON. */
const CONTENT_TYPE = { 'content-type': 'application/json' };

export type HeaderInput = Omit<TemplateValues, 'signature'> & {
  /** Epoch seconds of this attempt. */
  sentAt: number;
  body: Buffer;
  /** Newest first. */
  secrets: string[];
};

/** Compiles the header templates and the signature into one function of an attempt. */
export function compileHeaders(
  profile: Pick<Profile, 'headers' | 'signature'>,
  keyForm: SecretKeyEncoding,
): { render(parts: HeaderInput): Record<string, string>; lowerCaseNames: string[] } {
  const sign = compileSigner(profile.signature, keyForm);
  const ownNames = Object.keys(profile.headers).map((name) => name.toLowerCase());
  const templates = Object.entries({
    ...(ownNames.includes('content-type') ? {} : CONTENT_TYPE),
    ...profile.headers,
  }).map(([name, text]) => [name, compileTemplate(text)] as const);

  return {
    render: (parts) => {
      const values = { ...parts, signature: sign(parts, parts.secrets) };
      const headers: Record<string, string> = {};
      for (const [name, template] of templates) headers[name] = template.render(values);
      return headers;
    },
    lowerCaseNames: templates.map(([name]) => name.toLowerCase()),
  };
}
