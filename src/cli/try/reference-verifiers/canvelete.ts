import { createHmac } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** The Express handler of the page. It verifies the parsed body after serialising it again. */
export const verifyCanvelete: ReferenceVerifier = ({ headers, body }, secret) => {
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  const digest = createHmac('sha256', secret).update(JSON.stringify(parsed)).digest('hex');
  return headers['x-canvelete-signature'] === `sha256=${digest}`;
};
