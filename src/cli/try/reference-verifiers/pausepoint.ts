import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** `sha256=` and the HMAC of the raw body. The event name in the header must equal the one in the body. */
export const verifyPausepoint: ReferenceVerifier = ({ headers, body }, secret) => {
  const expected = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const signature = headers['x-pausepoint-signature'] ?? '';
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return false;
  return JSON.parse(body.toString('utf8')).event === headers['x-pausepoint-event'];
};
