import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** Standard Webhooks: an HMAC of id, timestamp and raw body, keyed with the bytes after `whsec_`. One signature must match. */
export const verifyStandardWebhooks: ReferenceVerifier = ({ headers, body }, secret) => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString('utf8')}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return (headers['webhook-signature'] ?? '').split(' ').some((text) => {
    const signature = Buffer.from(text);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
};
