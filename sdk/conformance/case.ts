import type { SigningProfile } from '../typescript/src/verify/profiles.ts';
import type { VerificationCode } from '../typescript/src/verify/verification-error.ts';

/** Bytes that are no text are in base64. */
export type Payload = { text: string } | { base64: string };

/** One request and what a verifier must say of it. */
export type Case = {
  name: string;
  /** A name of `profiles`, or an own one. */
  profile: string | SigningProfile;
  payload: Payload;
  /** Those that the receiver knows. */
  secrets: string[];
  signature: string | null;
  id?: string | null;
  /** Epoch seconds as the header has them. */
  timestamp?: string | null;
  /** Epoch seconds. */
  now: number;
  /** 300 when left out. */
  toleranceSeconds?: number;
  result: 'accepted' | VerificationCode;
  /** The signature is exactly what Posthorn sends with these secrets, newest first, at this time. */
  sent?: { secrets: string[]; sentAt: number };
};

/** Arguments with which nothing can be verified: an error of the program, never `false`. */
export type Misuse = Pick<Case, 'name' | 'profile' | 'secrets' | 'toleranceSeconds'>;

export type ConformanceFile = {
  profiles: Record<string, SigningProfile>;
  cases: Case[];
  misuse: Misuse[];
};
