import { decodeSecret } from './decode-secret.ts';
import { constantTimeEqual, encodeDigest } from './digest.ts';
import { hmac } from './hmac.ts';
import { type ProfileName, resolveProfile, type SigningProfile } from './profiles.ts';
import { parseSignatureHeader } from './signature-header.ts';
import { extractSignatureParts, type SignatureParts, type SignatureSource } from './signature-parts.ts';
import { type VerificationCode, WebhookVerificationError } from './verification-error.ts';

export type WebhookToVerify = SignatureSource & {
  /** The raw body, before anything parsed it. */
  payload: string | Uint8Array | ArrayBuffer;
  /** One secret, or during a rotation the new and the old one. One match is enough. */
  secret: string | readonly string[];
  /** The name of a shipped profile, or a custom profile. `standard-webhooks` by default. */
  profile?: ProfileName | SigningProfile;
  /** The maximum age of a signed timestamp, and how far it may be in the future. 300 by default. */
  toleranceSeconds?: number;
  now?: Date;
};

/**
 * Returns whether the sender of the request knows the secret, and whether the request is recent if the profile signs the
 * time. Throws a TypeError for invalid arguments: an unknown profile, an empty secret, a parsed payload.
 */
export const verifyWebhook = (webhook: WebhookToVerify): boolean => findProblem(webhook) === undefined;

/** Throws a WebhookVerificationError with the reason if verifyWebhook would return false. */
export function verifyWebhookOrThrow(webhook: WebhookToVerify): void {
  const problem = findProblem(webhook);
  if (problem) throw new WebhookVerificationError(problem);
}

function findProblem(webhook: WebhookToVerify): VerificationCode | undefined {
  const { toleranceSeconds = 300, now = new Date() } = webhook;
  // Also refuses NaN, for which every comparison below is false.
  if (!(toleranceSeconds >= 0)) throw new TypeError('toleranceSeconds must be a number of at least 0');
  if (Number.isNaN(now.getTime())) throw new TypeError('now must be a valid Date');
  const profile = resolveProfile(webhook.profile ?? 'standard-webhooks');
  const payload = payloadBytes(webhook.payload);
  const keys = ([] as string[]).concat(webhook.secret).map((secret) => decodeSecret(secret, profile.secret));
  if (keys.length === 0) throw new TypeError('secret must not be an empty list');

  const parts = extractSignatureParts(webhook, profile);
  const { signature, id, timestamp } = parts;
  if (!signature) return 'missing_signature';
  const headerProblem = findHeaderProblem(parts, profile);
  if (headerProblem) return headerProblem;
  const parsed = parseSignatureHeader(signature, profile);
  if (!parsed) return 'malformed_signature';

  const sentAt = parsed.sentAt ?? timestamp;
  const signedPrefix = { $body: '', '$sentAt.$body': `${sentAt}.`, '$id.$sentAt.$body': `${id}.${sentAt}.` };
  const { algorithm, content, encoding } = profile.signature;
  const signed = [new TextEncoder().encode(signedPrefix[content]), payload];
  const isGenuine = keys.some((key) => {
    const expected = encodeDigest(hmac(algorithm, key, ...signed), encoding);
    return parsed.digests.some((digest) => constantTimeEqual(expected, digest));
  });
  if (!isGenuine) return 'wrong_signature';
  return content === '$body' ? undefined : findAgeProblem(Number(sentAt), now, toleranceSeconds);
}

function payloadBytes(payload: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  // An ArrayBuffer of another realm (jest, a browser frame) is not an instance of this realm's ArrayBuffer.
  if (Object.prototype.toString.call(payload) === '[object ArrayBuffer]') return new Uint8Array(payload);
  throw new TypeError('payload must be a string or bytes: pass the raw body, not the parsed one');
}

/** Refuses an id with a dot: its end could pass for the timestamp, and the timestamp for the start of the body. */
function findHeaderProblem(
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

/** `sentAt` and `tolerance` are in seconds. */
function findAgeProblem(sentAt: number, now: Date, tolerance: number): VerificationCode | undefined {
  const age = now.getTime() / 1000 - sentAt;
  if (age > tolerance) return 'timestamp_too_old';
  return age < -tolerance ? 'timestamp_in_future' : undefined;
}
