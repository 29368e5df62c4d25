import { createHmac } from 'node:crypto';
import type { ReferenceVerifier } from './page-receiver.ts';

/** The page's Express handler: what it verifies is the body that the framework has parsed, written again. */
export const verifyCanvelete: ReferenceVerifier = ({ headers, body }, secret) => {
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  const digest = createHmac('sha256', secret).update(JSON.stringify(parsed)).digest('hex');
  return headers['x-canvelete-signature'] === `sha256=${digest}`;
};
