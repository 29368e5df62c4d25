import { constantTimeEqual, encodeDigest } from './digest-text.ts';
import { hmac } from './hmac.ts';
import { type ProfileName, resolveProfile, type SigningProfile } from './profiles.ts';
import { extractSignatureParts, type SignatureParts, type SignatureSource } from './request-parts.ts';
import { decodeSecret } from './secret-bytes.ts';
import { parseSignatureHeader } from './signature-header.ts';
import { type VerificationCode, WebhookVerificationError } from './verification-error.ts';

export type WebhookToVerify = SignatureSource & {
  /** The body as it came, before anything parsed it. */
  payload: string | Uint8Array | ArrayBuffer;
  /** While a secret is being replaced, the new one and the old one: either will do. */
  secret: string | readonly string[];
  /** A name, or an own profile as Posthorn has it; `standard-webhooks` when left out. */
  profile?: ProfileName | SigningProfile;
  /** How old, or how far in the future, a signed timestamp may be; 300 when left out. */
  toleranceSeconds?: number;
  now?: Date;
};

/**
 * Whether the request is from who holds the secret, and recent where the profile signs the time. Throws a TypeError
 * for arguments with which nothing can be verified: an unknown profile, an empty secret, a payload already parsed.
 */
export const verifyWebhook = (webhook: WebhookToVerify): boolean => problemOf(webhook) === undefined;

/** Throws a WebhookVerificationError, whose code says what is wrong, where verifyWebhook answers false. */
export function verifyWebhookOrThrow(webhook: WebhookToVerify): void {
  const problem = problemOf(webhook);
  if (problem) throw new WebhookVerificationError(problem);
}

function problemOf(webhook: WebhookToVerify): VerificationCode | undefined {
  const { toleranceSeconds = 300, now = new Date() } = webhook;
  // Also NaN, with which no comparison below would hold.
  if (!(toleranceSeconds >= 0)) throw new TypeError('toleranceSeconds is not a number from 0');
  if (Number.isNaN(now.getTime())) throw new TypeError('now is not a date');
  const profile = resolveProfile(webhook.profile ?? 'standard-webhooks');
  const payload = payloadBytes(webhook.payload);
  const keys = ([] as string[]).concat(webhook.secret).map((secret) => decodeSecret(secret, profile.secret));
  if (keys.length === 0) throw new TypeError('there is no secret');

  const parts = extractSignatureParts(webhook, profile);
  const { signature, id, timestamp } = parts;
  if (!signature) return 'missing_signature';
  const unfit = problemWithHeaders(parts, profile);
  if (unfit) return unfit;
  const shown = parseSignatureHeader(signature, profile);
  if (!shown) return 'malformed_signature';

  const sentAt = shown.sentAt ?? timestamp;
  const before = { $body: '', '$sentAt.$body': `${sentAt}.`, '$id.$sentAt.$body': `${id}.${sentAt}.` };
  const { algorithm, content, encoding } = profile.signature;
  const signed = [new TextEncoder().encode(before[content]), payload];
  const isGenuine = keys.some((key) => {
    const expected = encodeDigest(hmac(algorithm, key, ...signed), encoding);
    return shown.digests.some((digest) => constantTimeEqual(expected, digest));
  });
  if (!isGenuine) return 'wrong_signature';
  return content === '$body' ? undefined : problemWithAge(Number(sentAt), now, toleranceSeconds);
}

function payloadBytes(payload: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  // Of another realm, as in jest or a browser's frame, it would not be an instance of this one's.
  if (Object.prototype.toString.call(payload) === '[object ArrayBuffer]') return new Uint8Array(payload);
  throw new TypeError(
    'the payload is neither text nor bytes: give the raw body, not what was parsed from it',
  );
}

/** A dot in an id would let its end pass for the timestamp, and the start of the body for its own. */
function problemWithHeaders(
  { id, timestamp }: SignatureParts,
  { signature: { content, format } }: SigningProfile,
): VerificationCode | undefined {
  if (content === '$id.$sentAt.$body') {
    if (!id) return 'missing_id';
    if (!/^[A-Za-z0-9_@:+-]+$/.test(id)) return 'malformed_id';
  }
  if (content === '$body' || format.includes('$sentAt')) return undefined;
  if (!timestamp) return 'missing_timestamp';
  return /^\d{1,12}$/.test(timestamp) ? undefined : 'malformed_timestamp';
}

/** Both times in seconds. */
function problemWithAge(sentAt: number, now: Date, tolerance: number): VerificationCode | undefined {
  const age = now.getTime() / 1000 - sentAt;
  if (age > tolerance) return 'timestamp_too_old';
  return age < -tolerance ? 'timestamp_in_future' : undefined;
}
