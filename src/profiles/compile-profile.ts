import { parseDuration } from '../policy/duration.ts';
import type { RetryPolicy } from '../policy/retry-policy.ts';
import { hasKeyForm } from '../signing/secret-key.ts';
import { compileBody } from './body/compose-body.ts';
import { compileSizeLimits } from './body/rendered-size.ts';
import type { Problem } from './body/reserialize.ts';
import type { Profile } from './profile.ts';
import { compileHeaders } from './request-headers.ts';
import { compileRequiredNames, namesConsumer } from './required-names.ts';
import { compileSecret, type SecretRules } from './secret-rules.ts';

/** What templates may name of an event. */
export type EventNames = {
  id: string;
  type: string;
  createdAt: Date;
  consumer: string | null;
  attributes: Record<string, string>;
};

/** A profile made ready for use: data is read once, and what remains are functions. */
export type ComposableProfile = Pick<Profile, 'name' | 'title' | 'urls' | 'eventTypes' | 'afterLast'> & {
  version: number;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  /**
   * The bytes that every receiver gets, or why this event has none (422). `data` is JSON as it came; `test` is left
   * out for a real event.
   */
  composeBody(input: EventNames & { data: Buffer; test?: boolean }): Buffer | { errors: Problem[] };
  /** Headers of one attempt, signed. `sentAt` is in epoch seconds; `secrets` is newest first and not empty. */
  requestHeaders(
    input: EventNames & { sentAt: number; body: Buffer; secrets: string[] },
  ): Record<string, string>;
  /** Every event has to name a consumer, and so has every endpoint that shall get one. */
  needsConsumer: boolean;
  secretRules: SecretRules;
  newSecret(): string;
  /** What is wrong with a secret that was brought; undefined when it will do. */
  checkSecret(text: string): string | undefined;
  /** False for a secret that came under another profile and that requestHeaders would throw for. */
  canSignWith(secret: string): boolean;
  policy: RetryPolicy;
  /** Lower case names of all headers that requestHeaders sets: endpoints may not. */
  signatureHeaderNames: string[];
};

const secondsOf = (duration: string): number => parseDuration(duration)!;

/** `version` is the store's or the registry's count of this profile's texts: an event keeps the one it came under. */
export function compileProfile(profile: Profile, version: number): ComposableProfile {
  const secret = compileSecret(profile.secret);
  const headers = compileHeaders(profile, secret.form);
  const problemsWithNames = compileRequiredNames(profile);
  const problemsOfSize = compileSizeLimits(profile);
  const compose = compileBody(profile);

  const timestamp = (time: Date): string =>
    profile.createdAt === 'milliseconds' ? time.toISOString() : `${time.toISOString().slice(0, 19)}Z`;

  return {
    name: profile.name,
    version,
    title: profile.title,
    urls: profile.urls,
    plans: profile.plans ?? null,
    eventTypes: profile.eventTypes,
    afterLast: profile.afterLast,
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
    needsConsumer: namesConsumer(profile),
    secretRules: secret.rules,
    newSecret: secret.newSecret,
    checkSecret: secret.checkSecret,
    canSignWith: (text) => hasKeyForm(text, secret.form),
    policy: {
      delays: profile.policy.delays.map(secondsOf),
      timeout: secondsOf(profile.timeout),
      jitter: profile.policy.jitter,
    },
    signatureHeaderNames: headers.lowerCaseNames,
  };
}
