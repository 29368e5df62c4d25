import { parseDuration } from '../policy/duration.ts';
import type { RetryPolicy } from '../policy/retry-policy.ts';
import { hasKeyEncoding } from '../signing/secret-key.ts';
import { compileBody } from './body/compose-body.ts';
import { compileSizeCheck } from './body/rendered-size.ts';
import type { Problem } from './body/reserialize.ts';
import type { Profile } from './profile.ts';
import { compileHeaders } from './request-headers.ts';
import { compileRequiredFieldsCheck, referencesConsumer } from './required-fields.ts';
import { compileSecret, type SecretRules } from './secret-rules.ts';

/** What templates may name of an event. */
export type EventFields = {
  id: string;
  type: string;
  createdAt: Date;
  consumer: string | null;
  attributes: Record<string, string>;
};

/** A profile made ready for use: data is read once, and what remains are functions. */
export type CompiledProfile = Pick<Profile, 'name' | 'title' | 'urls' | 'eventTypes' | 'labels'> & {
  version: number;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  /**
   * The bytes that every receiver gets, or why this event has none (422). `data` is JSON as it came; `test` is left
   * out for a real event.
   */
  composeBody(input: EventFields & { data: Buffer; test?: boolean }): Buffer | { errors: Problem[] };
  /** Headers of one attempt, signed. `sentAt` is in epoch seconds; `secrets` is newest first and not empty. */
  requestHeaders(
    input: EventFields & { sentAt: number; body: Buffer; secrets: string[] },
  ): Record<string, string>;
  /** Every event has to name a consumer, and so has every endpoint that shall get one. */
  requiresConsumer: boolean;
  secretRules: SecretRules;
  generateSecret(): string;
  /** What is wrong with a provided secret; undefined if it is acceptable. */
  secretProblem(text: string): string | undefined;
  /** False for a secret that came under another profile and that requestHeaders would throw for. */
  canSignWith(secret: string): boolean;
  policy: RetryPolicy;
  /** Lower case names of all headers that requestHeaders sets: endpoints may not. */
  reservedHeaderNames: string[];
};

const secondsOf = (duration: string): number => parseDuration(duration)!;

/** `version` is the store's or the registry's count of this profile's texts: an event keeps the one it came under. */
export function compileProfile(profile: Profile, version: number): CompiledProfile {
  const secret = compileSecret(profile.secret);
  const headers = compileHeaders(profile, secret.keyEncoding);
  const problemsWithNames = compileRequiredFieldsCheck(profile);
  const problemsOfSize = compileSizeCheck(profile);
  const compose = compileBody(profile);

  const timestamp = (time: Date): string =>
    profile.timestampPrecision === 'milliseconds'
      ? time.toISOString()
      : `${time.toISOString().slice(0, 19)}Z`;

  return {
    name: profile.name,
    version,
    title: profile.title,
    urls: profile.urls,
    plans: profile.plans ?? null,
    eventTypes: profile.eventTypes,
    labels: profile.labels,
    composeBody: (input) => {
      const event = { ...input, createdAt: timestamp(input.createdAt) };
      const tooLong = problemsOfSize(event);
      if (tooLong.length > 0) return { errors: tooLong };
      const missing = problemsWithNames(input);
      const body = compose(event);
      if (Buffer.isBuffer(body)) return missing.length === 0 ? body : { errors: missing };
      return { errors: [...missing, ...body] };
    },
    requestHeaders: (input) => headers.render({ ...input, createdAt: timestamp(input.createdAt) }),
    requiresConsumer: referencesConsumer(profile),
    secretRules: secret.rules,
    generateSecret: secret.generateSecret,
    secretProblem: secret.secretProblem,
    canSignWith: (text) => hasKeyEncoding(text, secret.keyEncoding),
    policy: {
      delays: profile.policy.delays.map(secondsOf),
      timeout: secondsOf(profile.timeout),
      jitter: profile.policy.jitter,
    },
    reservedHeaderNames: headers.lowerCaseNames,
  };
}
