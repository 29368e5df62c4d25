import type { SigningProfile } from '../typescript/src/verify/profiles.ts';
import type { Case, ConformanceFile, Misuse } from './case.ts';
import { profileCases, secretFor } from './profile-cases.ts';
import { SENT_AT } from './signed-part-cases.ts';
import { signingProfiles } from './signing-profiles.ts';

/** Custom profiles with formats that no shipped profile has. */
const customProfiles: Record<string, SigningProfile> = {
  'a custom profile with SHA-512 in base64': {
    headers: { 'X-Signature': '$signature', 'X-Time': '$sentAt' },
    signature: {
      algorithm: 'hmac-sha512',
      content: '$sentAt.$body',
      encoding: 'base64',
      format: '(v2)[$base64]',
    },
    secret: { key: 'base64AfterPrefix', prefix: 'key-' },
  },
  'a custom profile with SHA-512 in hex': {
    headers: { 'X-Signature': '$signature' },
    signature: { algorithm: 'hmac-sha512', content: '$body', encoding: 'hex', format: '$hex' },
    secret: { key: 'utf8', prefix: '' },
  },
};

const standard = signingProfiles['standard-webhooks']!;
const published: Case[] = [
  {
    name: 'standard-webhooks: the test vector of the specification',
    profile: 'standard-webhooks',
    payload: { text: '{"test": 2432232314}' },
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    now: 1_614_265_330,
    result: 'accepted',
    sent: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], sentAt: 1_614_265_330 },
  },
  {
    name: 'cmdcal: the test vector for hex signatures that GitHub published',
    profile: 'cmdcal',
    payload: { text: 'Hello, World!' },
    secrets: ["It's a Secret to Everybody"],
    signature: '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    now: SENT_AT,
    result: 'accepted',
    sent: { secrets: ["It's a Secret to Everybody"], sentAt: SENT_AT },
  },
];

const misuse: Misuse[] = [
  ...Object.keys(signingProfiles).flatMap((profile) => [
    { name: `${profile}: an empty secret`, profile, secrets: [''] },
    { name: `${profile}: no secret`, profile, secrets: [] },
    {
      name: `${profile}: an empty secret next to a valid one`,
      profile,
      secrets: [secretFor(signingProfiles[profile]!, 'good'), ''],
    },
  ]),
  {
    name: 'a secret without its prefix',
    profile: 'standard-webhooks',
    secrets: [secretFor(standard, 'x').slice(6)],
  },
  { name: 'a secret that consists of its prefix', profile: 'standard-webhooks', secrets: ['whsec_'] },
  { name: 'a secret that is not base64', profile: 'standard-webhooks', secrets: ['whsec_not base64!'] },
  {
    name: 'a truncated secret',
    profile: 'standard-webhooks',
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa'],
  },
  {
    name: 'a secret in non-canonical base64',
    profile: 'standard-webhooks',
    secrets: [`whsec_${'A'.repeat(33)}B==`],
  },
  { name: 'a profile that does not exist', profile: 'standard-webhook', secrets: ['x'] },
  { name: 'a profile named like a property of every object', profile: 'toString', secrets: ['x'] },
  { name: 'a negative tolerance', profile: 'cmdcal', secrets: ['x'], toleranceSeconds: -1 },
];

/** The contents of signatures.json. */
export const conformance: ConformanceFile = {
  profiles: signingProfiles,
  cases: [
    ...published,
    ...Object.entries(signingProfiles).flatMap(([name, scheme]) => profileCases(name, name, scheme)),
    ...Object.entries(customProfiles).flatMap(([name, scheme]) => profileCases(name, scheme, scheme)),
  ],
  misuse,
};

export const conformanceText = (): string => `${JSON.stringify(conformance, null, 2)}\n`;
