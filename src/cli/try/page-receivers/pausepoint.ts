import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './page-receiver.ts';

/** The HMAC of the raw bytes after `sha256=`; and the event in the header must be the body's. */
export const verifyPausepoint: ReferenceVerifier = ({ headers, body }, secret) => {
  const expected = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const signature = headers['x-pausepoint-signature'] ?? '';
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return false;
  return JSON.parse(body.toString('utf8')).event === headers['x-pausepoint-event'];
};
