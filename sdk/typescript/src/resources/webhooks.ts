import type { ProfileName, SigningProfile } from '../verify/profiles.ts';
import { verifyWebhook, verifyWebhookOrThrow, type WebhookToVerify } from '../verify/verify-webhook.ts';

/** Of the profile of the client, where a call names no other. */
export function webhooksOf(ofClient: ProfileName | SigningProfile = 'standard-webhooks') {
  const completed = (webhook: WebhookToVerify): WebhookToVerify => ({
    ...webhook,
    profile: webhook.profile ?? ofClient,
  });
  return {
    /** See verifyWebhook: not a promise, so that a forgotten `await` cannot accept everything. */
    verify: (webhook: WebhookToVerify): boolean => verifyWebhook(completed(webhook)),
    verifyOrThrow: (webhook: WebhookToVerify): void => verifyWebhookOrThrow(completed(webhook)),
  };
}
