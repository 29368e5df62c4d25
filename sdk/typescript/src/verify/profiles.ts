import type { HmacAlgorithm } from './hmac.ts';

/** The part of a profile that a receiver needs. A whole profile of the API is also a SigningProfile. */
export type SigningProfile = {
  /** Templates by header name. Verification uses the headers with `$signature`, `$id` or `$sentAt`. */
  headers: Record<string, string>;
  signature: {
    algorithm: HmacAlgorithm;
    content: '$body' | '$sentAt.$body' | '$id.$sentAt.$body';
    encoding: 'hex' | 'base64';
    /** One signature in the header: text with `$hex` or `$base64`, and optionally `$sentAt`. */
    format: string;
  };
  secret: { key: 'utf8' | 'base64AfterPrefix'; prefix: string };
};

const hexOfBody = { algorithm: 'hmac-sha256', content: '$body', encoding: 'hex' } as const;
const textSecret = { key: 'utf8', prefix: '' } as const;

export const PROFILES = {
  'standard-webhooks': {
    headers: {
      'webhook-id': '$id',
      'webhook-timestamp': '$sentAt',
      'webhook-signature': '$signature',
    },
    signature: {
      algorithm: 'hmac-sha256',
      content: '$id.$sentAt.$body',
      encoding: 'base64',
      format: 'v1,$base64',
    },
    secret: { key: 'base64AfterPrefix', prefix: 'whsec_' },
  },
  cmdcal: {
    headers: { 'X-CmdCal-Signature': '$signature' },
    signature: { ...hexOfBody, format: '$hex' },
    secret: textSecret,
  },
  canvelete: {
    headers: { 'X-Canvelete-Signature': '$signature' },
    signature: { ...hexOfBody, format: 'sha256=$hex' },
    secret: textSecret,
  },
  'pdf-gorilla': {
    headers: { 'x-pdfg-signature': '$signature' },
    signature: { ...hexOfBody, format: '$hex' },
    secret: textSecret,
  },
  pausepoint: {
    headers: { 'X-PausePoint-Signature': '$signature' },
    signature: { ...hexOfBody, format: 'sha256=$hex' },
    secret: textSecret,
  },
  smartlyq: {
    headers: { 'X-SmartlyQ-Signature': '$signature' },
    signature: { ...hexOfBody, content: '$sentAt.$body', format: 't=$sentAt,v1=$hex' },
    secret: textSecret,
  },
} as const satisfies Record<string, SigningProfile>;

export type ProfileName = keyof typeof PROFILES;

/** Throws a TypeError for an unknown name, because a typo must not look like a forged request. */
export function resolveProfile(profile: ProfileName | SigningProfile): SigningProfile {
  if (typeof profile !== 'string') return profile;
  if (Object.hasOwn(PROFILES, profile)) return PROFILES[profile];
  throw new TypeError(`unknown profile ${profile}; the profiles are ${Object.keys(PROFILES).join(', ')}`);
}
