import { parseDuration } from '../policy/duration.ts';
import type { ResponseRules } from '../policy/receiver-instruction.ts';
import type { RetryPolicy } from '../policy/retry-policy.ts';
import { hasKeyEncoding } from '../signing/secret-key.ts';
import { bodyVariables, type ComposedBody, compileBody } from './body/compose-body.ts';
import { compileSizeCheck } from './body/rendered-size.ts';
import type { FieldProblem } from './body/reserialize.ts';
import type { Profile } from './profile.ts';
import { compileHeaders } from './request-headers.ts';
import { compileRequiredFieldsCheck, referencesConsumer } from './required-fields.ts';
import { compileSecret, type SecretRules } from './secret-rules.ts';

/** The fields of an event that templates may contain. */
export type EventFields = {
  id: string;
  type: string;
  createdAt: Date;
  /** Needed if the profile uses it (`usesSequence`), but not known when the body is first composed. */
  sequence?: number | null | undefined;
  consumer: string | null;
  attributes: Record<string, string>;
};

type ComposeInput = EventFields & { data: Buffer; test?: boolean };

/** A profile compiled into functions. */
export type CompiledProfile = Pick<
  Profile,
  'name' | 'title' | 'urls' | 'eventTypes' | 'labels' | 'headers' | 'signature' | 'secret'
> & {
  version: number;
  /** Plans whose consumers may use webhooks; null: all plans. */
  plans: string[] | null;
  /**
   * The body that every receiver gets, or why this event cannot have one (422). `data` is JSON as the producer sent it;
   * `test` is omitted for events that are not test events.
   */
  composeBody(input: ComposeInput): Buffer | { errors: FieldProblem[] };
  /** Like composeBody, with the place of the data in the body. */
  compose(input: ComposeInput): ComposedBody | { errors: FieldProblem[] };
  /** The headers of one attempt, with its signature. `sentAt` is in epoch seconds; `secrets` is newest first and not empty. */
  requestHeaders(
    input: EventFields & { sentAt: number; body: Buffer; secrets: string[] },
  ): Record<string, string>;
  /** Whether a template of the body or of a header contains the event's sequence. */
  usesSequence: boolean;
  /** Every event must name a consumer, and only endpoints with a consumer receive events. */
  requiresConsumer: boolean;
  secretRules: SecretRules;
  generateSecret(): string;
  /** Describes the error in a provided secret; undefined if it is acceptable. */
  secretProblem(text: string): string | undefined;
  /** False if requestHeaders would throw for this secret, which was accepted under another profile. */
  canSignWith(secret: string): boolean;
  policy: RetryPolicy;
  responses: ResponseRules;
  /** The lower-case names of all headers that requestHeaders sets. Endpoints must not set them. */
  reservedHeaderNames: string[];
};

const toSeconds = (duration: string): number => parseDuration(duration)!;

/** Compiles a valid profile. `version` counts the versions of this name; an event keeps the version it was accepted under. */
export function compileProfile(profile: Profile, version: number): CompiledProfile {
  const secret = compileSecret(profile.secret);
  const headers = compileHeaders(profile, secret.keyEncoding);
  const missingFields = compileRequiredFieldsCheck(profile);
  const findSizeProblems = compileSizeCheck(profile);
  const composeChecked = compileBody(profile);
  const { gone = true, retryAfter = true, tooManyRequests = true, coolDown = true } = profile.responses ?? {};
  const usesCreatedAt = headers.variables.has('createdAt');

  const timestamp = (time: Date): string =>
    profile.timestampPrecision === 'milliseconds'
      ? time.toISOString()
      : `${time.toISOString().slice(0, 19)}Z`;

  const compose: CompiledProfile['compose'] = (input) => {
    // Before the event has a number, the body has the longest one, so that no limit is passed later.
    const sequence = input.sequence ?? Number.MAX_SAFE_INTEGER;
    const event = { ...input, sequence, createdAt: timestamp(input.createdAt) };
    const sizeProblems = findSizeProblems(event);
    if (sizeProblems.length > 0) return { errors: sizeProblems };
    const missing = missingFields(input);
    const composed = composeChecked(event);
    if (Array.isArray(composed)) return { errors: [...missing, ...composed] };
    return missing.length === 0 ? composed : { errors: missing };
  };

  return {
    name: profile.name,
    version,
    title: profile.title,
    urls: profile.urls,
    plans: profile.plans ?? null,
    eventTypes: profile.eventTypes,
    labels: profile.labels,
    headers: profile.headers,
    signature: profile.signature,
    secret: profile.secret,
    composeBody: (input) => {
      const composed = compose(input);
      return 'errors' in composed ? composed : composed.body;
    },
    compose,
    requestHeaders: (input) =>
      headers.render({ ...input, createdAt: usesCreatedAt ? timestamp(input.createdAt) : '' }),
    usesSequence: headers.variables.has('sequence') || bodyVariables(profile).has('sequence'),
    requiresConsumer: referencesConsumer(profile),
    secretRules: secret.rules,
    generateSecret: secret.generateSecret,
    secretProblem: secret.secretProblem,
    canSignWith: (text) => hasKeyEncoding(text, secret.keyEncoding),
    policy: {
      delays: profile.policy.delays.map(toSeconds),
      timeout: toSeconds(profile.timeout),
      jitter: profile.policy.jitter,
      ...(profile.policy.finalStatuses && { finalStatuses: profile.policy.finalStatuses }),
    },
    responses: { gone, retryAfter, tooManyRequests, coolDown },
    reservedHeaderNames: headers.lowerCaseNames,
  };
}
