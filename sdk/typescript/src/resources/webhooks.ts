import type { Call, CreateOptions } from '../call.ts';
import type { CreatedWebhook, ListWebhooksQuery, NewWebhook, Webhook } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';
import type { ProfileName, SigningProfile } from '../verify/profiles.ts';
import { verifyWebhook, verifyWebhookOrThrow, type WebhookToVerify } from '../verify/verify-webhook.ts';

/** Verifies webhooks, by default with the profile of the client, and registers them. */
export function webhooksOf(call: Call, defaultProfile: ProfileName | SigningProfile = 'standard-webhooks') {
  const withProfile = (webhook: WebhookToVerify): WebhookToVerify => ({
    ...webhook,
    profile: webhook.profile ?? defaultProfile,
  });
  const list = (query: ListWebhooksQuery = {}): Promise<Page<Webhook>> =>
    call('GET', '/v1/webhooks', { query });
  return {
    /** See verifyWebhook. Not a promise, because a forgotten `await` would then accept every request. */
    verify: (webhook: WebhookToVerify): boolean => verifyWebhook(withProfile(webhook)),
    verifyOrThrow: (webhook: WebhookToVerify): void => verifyWebhookOrThrow(withProfile(webhook)),
    /**
     * Registers an endpoint in the format of `/v1/webhooks`. The response contains the secret. No later response does,
     * except that to the same call with its idempotency key.
     */
    create: (webhook: NewWebhook, options: CreateOptions = {}): Promise<CreatedWebhook> =>
      call('POST', '/v1/webhooks', { body: webhook, ...options }),
    list,
    all: (query: Omit<ListWebhooksQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Deletes the webhook and cancels its open deliveries. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/webhooks/${id}`),
  };
}
