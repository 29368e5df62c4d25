import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReferenceVerifier } from './page-receiver.ts';

/** The HMAC of the raw body, in hex; and the event's id in the header must be the job's. */
export const verifyPdfGorilla: ReferenceVerifier = ({ headers, body }, secret) => {
  const signature = headers['x-pdfg-signature'] ?? '';
  const digest = createHmac('sha256', secret).update(body.toString('utf8')).digest('hex');
  if (signature.length !== digest.length) return false;
  if (!timingSafeEqual(Buffer.from(digest), Buffer.from(signature))) return false;
  return JSON.parse(body.toString('utf8')).jobId === headers['x-pdfg-event-id'];
};
