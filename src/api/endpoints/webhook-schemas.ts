import { z } from 'zod';
import { endpoint, newEndpoint, oneTimeSecret } from './endpoint-schemas.ts';

export const newWebhook = newEndpoint
  .pick({ url: true, events: true, secret: true })
  .required({ events: true })
  .meta({ id: 'NewWebhook' });

export const webhook = endpoint
  .pick({ id: true, url: true, events: true, status: true, createdAt: true })
  .meta({ id: 'Webhook' });

export const createdWebhook = z
  .object({ ...webhook.shape, secret: oneTimeSecret })
  .meta({ id: 'CreatedWebhook' });

export type WebhookResponse = z.output<typeof webhook>;
