import type { Call } from '../call.ts';
import type { CreatedWebhook, ListWebhooksQuery, NewWebhook, Webhook } from '../models.ts';
import { iteratePages, type Page } from '../pages.ts';
import { idPath } from '../path.ts';
import type { ProfileName, SigningProfile } from '../verify/profiles.ts';
import { verifyWebhook, verifyWebhookOrThrow, type WebhookToVerify } from '../verify/verify-webhook.ts';

/** Verifies webhooks of the profile of the client, where a call names no other, and registers them. */
export function webhooksOf(call: Call, ofClient: ProfileName | SigningProfile = 'standard-webhooks') {
  const completed = (webhook: WebhookToVerify): WebhookToVerify => ({
    ...webhook,
    profile: webhook.profile ?? ofClient,
  });
  const list = (query: ListWebhooksQuery = {}): Promise<Page<Webhook>> =>
    call('GET', '/v1/webhooks', { query });
  return {
    /** See verifyWebhook: not a promise, so that a forgotten `await` cannot accept everything. */
    verify: (webhook: WebhookToVerify): boolean => verifyWebhook(completed(webhook)),
    verifyOrThrow: (webhook: WebhookToVerify): void => verifyWebhookOrThrow(completed(webhook)),
    /** An endpoint in the shape of providers' APIs. The answer shows the secret, this once. */
    create: (webhook: NewWebhook): Promise<CreatedWebhook> => call('POST', '/v1/webhooks', { body: webhook }),
    list,
    all: (query: Omit<ListWebhooksQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Cancels what is open to it. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/webhooks/${id}`),
  };
}
