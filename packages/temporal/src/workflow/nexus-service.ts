import { operation, service } from 'nexus-rpc';
import type { WebhookEvent, WebhookOutcome } from '../contract.ts';

/** The Nexus service: `deliver` posts an event, and completes when each of its deliveries has settled. */
export const posthornService = service('posthorn', {
  deliver: operation<WebhookEvent, WebhookOutcome>(),
});
