import type { ProfileSource } from '../../src/profiles/profile.ts';
import { canvelete } from '../../src/profiles/shipped/canvelete.ts';
import { cmdcal } from '../../src/profiles/shipped/cmdcal.ts';
import { pausepoint } from '../../src/profiles/shipped/pausepoint.ts';
import { pdfGorilla } from '../../src/profiles/shipped/pdf-gorilla.ts';
import { smartlyq } from '../../src/profiles/shipped/smartlyq.ts';
import { standardWebhooks } from '../../src/profiles/shipped/standard-webhooks.ts';
import type { SigningProfile } from '../typescript/src/verify/profiles.ts';

const sources = [standardWebhooks, cmdcal, canvelete, pdfGorilla, pausepoint, smartlyq];

/** The part of each shipped profile that a receiver needs. */
export const signingProfiles: Record<string, SigningProfile> = Object.fromEntries(
  sources.map((source) => [source.name, signingProfile(source)]),
);

function signingProfile({ headers, signature, secret }: ProfileSource): SigningProfile {
  const { algorithm, content, encoding, format } = signature;
  const inHeaders = content.split('.').filter((part) => part !== '$body' && !format.includes(part));
  const needed = ['$signature', ...inHeaders];
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([, template]) => needed.includes(template))),
    signature: { algorithm, content, encoding, format },
    secret: { key: secret.key, prefix: secret.key === 'utf8' ? '' : secret.prefix },
  };
}
