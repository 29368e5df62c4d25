import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { PROFILES } from '../../../../sdk/typescript/src/verify/profiles.ts';

/** A check with the SDK that accepts two secrets, for a receiver whose secret is rotated. */
export const rotationCheck = (signing: Signing): string => `import { verifyWebhook } from '@posthorn/sdk';

const isGenuine = verifyWebhook({
  headers: request.headers,
  payload: rawBody,
  secret: [process.env.NEW_SECRET, process.env.OLD_SECRET],
  profile: ${profileText(signing, 'typescript').replaceAll('\n', '\n  ')},
});
`;

/** The name of a profile that the SDK brings, else the profile itself. */
export function profileText(signing: Signing, language: 'typescript' | 'python'): string {
  const { algorithm, content, encoding, format } = signing.signature;
  const profile = {
    headers: signing.headers,
    signature: { algorithm, content, encoding, format },
    secret: { key: signing.secret.key, prefix: signing.secret.prefix },
  };
  const quote = language === 'typescript' ? "'" : '"';
  return isShipped(signing.profile, profile)
    ? `${quote}${signing.profile}${quote}`
    : JSON.stringify(profile, null, language === 'typescript' ? 2 : 4);
}

function isShipped(name: string, profile: object): boolean {
  if (!Object.hasOwn(PROFILES, name)) return false;
  const shipped = PROFILES[name as keyof typeof PROFILES];
  const sorted = (value: unknown): string => JSON.stringify(value, sortedKeys);
  return sorted(shipped) === sorted(profile);
}

const sortedKeys = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
