import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** The HMAC of timestamp, dot and raw body, in part `v1` of the header. The event name in the header must equal the one in the body. */
export const verifySmartlyq: ReferenceVerifier = ({ headers, body }, secret) => {
  const fields = (headers['x-smartlyq-signature'] ?? '').split(',').map((part) => part.split('='));
  const { t, v1 } = Object.fromEntries(fields) as Record<string, string>;
  const digest = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  if (!timingSafeEqual(Buffer.from(v1!), Buffer.from(digest))) return false;
  return JSON.parse(body.toString('utf8')).event === headers['x-smartlyq-event'];
};
