import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './page-receiver.ts';

/** The HMAC of time, dot and raw body, as the part `v1` of the header; and the event in the header must be the body's. */
export const verifySmartlyq: ReferenceVerifier = ({ headers, body }, secret) => {
  const fields = (headers['x-smartlyq-signature'] ?? '').split(',').map((part) => part.split('='));
  const { t, v1 } = Object.fromEntries(fields) as Record<string, string>;
  const digest = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  if (!timingSafeEqual(Buffer.from(v1!), Buffer.from(digest))) return false;
  return JSON.parse(body.toString('utf8')).event === headers['x-smartlyq-event'];
};
