import { createHmac } from 'node:crypto';
import type { ReferenceVerifier } from './page-receiver.ts';

/** The HMAC of the body's text, in hex, compared as it is. */
export const verifyCmdcal: ReferenceVerifier = ({ headers, body }, secret) => {
  const digest = createHmac('sha256', secret).update(body.toString('utf8')).digest('hex');
  return headers['x-cmdcal-signature'] === digest;
};
