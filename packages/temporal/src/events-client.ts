import type { WebhookDelivery, WebhookEvent, WebhookStatus } from './contract.ts';

/** What the package calls of a `PosthornClient` of `@posthorn/sdk`. */
export type EventsClient = {
  readonly events: {
    send(event: WebhookEvent, query?: { wait?: string }): Promise<StoredEvent>;
    get(id: string): Promise<StoredEvent>;
  };
};

export type StoredEvent = {
  id: string;
  status: WebhookStatus;
  deliveryCount: number;
  deliveries?: (WebhookDelivery & { nextAttemptAt: string | null })[];
};
