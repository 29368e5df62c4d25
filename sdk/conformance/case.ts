import type { SigningProfile } from '../typescript/src/verify/profiles.ts';
import type { VerificationCode } from '../typescript/src/verify/verification-error.ts';

/** Bytes that are not UTF-8 are in base64. */
export type Payload = { text: string } | { base64: string };

/** One request and the expected result of a verifier. */
export type Case = {
  name: string;
  /** A name in `profiles`, or a custom profile. */
  profile: string | SigningProfile;
  payload: Payload;
  /** The secrets that the receiver knows. */
  secrets: string[];
  signature: string | null;
  id?: string | null;
  /** Epoch seconds in the text of the header. */
  timestamp?: string | null;
  /** Epoch seconds. */
  now: number;
  /** 300 by default. */
  toleranceSeconds?: number;
  result: 'accepted' | VerificationCode;
  /** Present if Posthorn sends exactly this signature with these secrets (newest first) at this time. */
  sent?: { secrets: string[]; sentAt: number };
};

/** Invalid arguments, for which a verifier must throw instead of returning `false`. */
export type Misuse = Pick<Case, 'name' | 'profile' | 'secrets' | 'toleranceSeconds'>;

export type ConformanceFile = {
  profiles: Record<string, SigningProfile>;
  cases: Case[];
  misuse: Misuse[];
};
