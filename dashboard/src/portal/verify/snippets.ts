import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { profileText } from '../../endpoint/secret/sdk-check.ts';
import { PYTHON_RECEIVERS, pythonFunction } from './python-snippets.ts';
import { schemeOf } from './scheme.ts';
import { TYPESCRIPT_RECEIVERS, typescriptFunction } from './typescript-snippets.ts';

export const FRAMEWORKS = ['express', 'fetch', 'flask', 'fastapi'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export const FRAMEWORK_NAMES: Record<Framework, string> = {
  express: 'TypeScript, Express',
  fetch: 'TypeScript, Fetch',
  flask: 'Python, Flask',
  fastapi: 'Python, FastAPI',
};

/** A receiver that checks the signature of this project: by itself, or with the SDK. */
export function snippet(signing: Signing, framework: Framework, way: 'own' | 'sdk'): string {
  const isPython = framework === 'flask' || framework === 'fastapi';
  const receiver = isPython ? PYTHON_RECEIVERS[framework] : TYPESCRIPT_RECEIVERS[framework];
  const code = receiver.code(receiver.check[way]);
  const gap = isPython ? '\n\n' : '\n';
  if (way === 'sdk') {
    const head = isPython
      ? `${receiver.imports}\nfrom posthorn import verify_webhook\n\nprofile = ${profileText(signing, 'python')}\n`
      : `${receiver.imports}\nimport { verifyWebhook } from '@posthorn/sdk';\n\nconst profile = ${profileText(signing, 'typescript')};\n`;
    return `${head.trimStart()}${isPython ? '' : '\n'}${code}`;
  }
  const scheme = schemeOf(signing);
  if (!scheme) return '';
  const check = isPython ? pythonFunction(scheme) : typescriptFunction(scheme);
  const head = receiver.imports === '' ? '' : `${receiver.imports}\n`;
  // Imports of the framework go with the others, at the top.
  return isPython ? `${check}${gap}${head}\n${code}` : `${head}${check}${gap}${code}`;
}

/** A check that accepts two secrets, for a receiver whose secret is rotated; empty if there is no code for the profile. */
export function rotationSnippet(signing: Signing): string {
  const scheme = schemeOf(signing);
  if (!scheme) return '';
  return `${typescriptFunction(scheme)}
const secrets = [process.env.NEW_SECRET!, process.env.OLD_SECRET!];
const accepted = secrets.some((secret) => isGenuine(rawBody, (name) => request.get(name), secret));
`;
}
