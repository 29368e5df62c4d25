import { verifyCanvelete } from './canvelete.ts';
import { verifyCmdcal } from './cmdcal.ts';
import type { ReferenceVerifier } from './page-receiver.ts';
import { verifyPausepoint } from './pausepoint.ts';
import { verifyPdfGorilla } from './pdf-gorilla.ts';
import { verifySmartlyq } from './smartlyq.ts';
import { verifyStandardWebhooks } from './standard-webhooks.ts';

/** By the name of the profile. Each verifies as its page tells receivers to, and knows nothing of how we sign. */
export const REFERENCE_VERIFIERS = new Map<string, ReferenceVerifier>([
  ['cmdcal', verifyCmdcal],
  ['canvelete', verifyCanvelete],
  ['pdf-gorilla', verifyPdfGorilla],
  ['pausepoint', verifyPausepoint],
  ['smartlyq', verifySmartlyq],
  ['standard-webhooks', verifyStandardWebhooks],
]);
