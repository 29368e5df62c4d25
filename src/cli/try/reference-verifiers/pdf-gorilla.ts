import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './reference-verifier.ts';

/** The HMAC of the raw body in hex. The event id in the header must equal the id of the job. */
export const verifyPdfGorilla: ReferenceVerifier = ({ headers, body }, secret) => {
  const signature = headers['x-pdfg-signature'] ?? '';
  const digest = createHmac('sha256', secret).update(body.toString('utf8')).digest('hex');
  if (signature.length !== digest.length) return false;
  if (!timingSafeEqual(Buffer.from(digest), Buffer.from(signature))) return false;
  return JSON.parse(body.toString('utf8')).jobId === headers['x-pdfg-event-id'];
};
