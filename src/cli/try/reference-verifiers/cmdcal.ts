import { createHmac } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** The HMAC of the body's text in hex, compared as a string. */
export const verifyCmdcal: ReferenceVerifier = ({ headers, body }, secret) => {
  const digest = createHmac('sha256', secret).update(body.toString('utf8')).digest('hex');
  return headers['x-cmdcal-signature'] === digest;
};
