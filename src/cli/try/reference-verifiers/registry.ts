import { verifyCanvelete } from './canvelete.ts';
import { verifyCmdcal } from './cmdcal.ts';
import { verifyPausepoint } from './pausepoint.ts';
import { verifyPdfGorilla } from './pdf-gorilla.ts';
import type { ReferenceVerifier } from './reference-verifier.ts';
import { verifySmartlyq } from './smartlyq.ts';
import { verifyStandardWebhooks } from './standard-webhooks.ts';

/** By profile name. Each verifies as its provider's page describes, and shares no code with Posthorn's signing. */
export const REFERENCE_VERIFIERS = new Map<string, ReferenceVerifier>([
  ['cmdcal', verifyCmdcal],
  ['canvelete', verifyCanvelete],
  ['pdf-gorilla', verifyPdfGorilla],
  ['pausepoint', verifyPausepoint],
  ['smartlyq', verifySmartlyq],
  ['standard-webhooks', verifyStandardWebhooks],
]);

export const TRIAL_PROFILE_NAMES = [...REFERENCE_VERIFIERS.keys()];
