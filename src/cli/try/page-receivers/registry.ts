import { canveleteReceiver } from './canvelete.ts';
import { cmdcalReceiver } from './cmdcal.ts';
import type { PageReceiver } from './page-receiver.ts';
import { pausepointReceiver } from './pausepoint.ts';
import { pdfGorillaReceiver } from './pdf-gorilla.ts';
import { smartlyqReceiver } from './smartlyq.ts';
import { standardWebhooksReceiver } from './standard-webhooks.ts';

/** By the name of the profile. Each verifies as its page tells receivers to, and knows nothing of how we sign. */
export const PAGE_RECEIVERS = new Map<string, PageReceiver>([
  ['cmdcal', cmdcalReceiver],
  ['canvelete', canveleteReceiver],
  ['pdf-gorilla', pdfGorillaReceiver],
  ['pausepoint', pausepointReceiver],
  ['smartlyq', smartlyqReceiver],
  ['standard-webhooks', standardWebhooksReceiver],
]);
