/**
 * An event for Posthorn, as `POST /v1/events` takes it. It has no `target`: the secret of a target would be stored in
 * Temporal's history.
 */
export type WebhookEvent = {
  type: string;
  /** Any JSON value. It is stored in Temporal's history, as every argument of an activity. */
  data: unknown;
  /** An id of your own. By default the id is made of the workflow, its run and the activity. */
  id?: string;
  /** Delivers only to the endpoints of this consumer. */
  consumer?: string;
  attributes?: Record<string, string>;
  /** From then on, no attempt starts; a date and time in ISO 8601. */
  expiresAt?: string;
  /** The same as a time from now, such as `10m`. */
  ttl?: string;
};

/** `pending` until every delivery has settled; `unrouted` if no endpoint subscribed to the event. */
export type WebhookStatus = 'pending' | 'delivered' | 'undeliverable' | 'cancelled' | 'unrouted';

/** A webhook that Posthorn has stored, and delivers from now on. */
export type SentWebhook = {
  /** The id of the event in Posthorn. */
  id: string;
  status: WebhookStatus;
  deliveryCount: number;
};

export type WebhookDelivery = {
  id: string;
  endpoint: string | null;
  status: 'pending' | 'retrying' | 'held' | 'delivered' | 'undeliverable' | 'cancelled';
  /** The number of attempts made. */
  attempts: number;
  lastOutcome: string | null;
  /** Why it ended without being delivered, such as `exhausted` or `gone`. */
  reason: string | null;
};

export type WebhookOutcome = SentWebhook & {
  /** The first 100. */
  deliveries: WebhookDelivery[];
  /** When the last of the open deliveries is attempted next; null if none is open, or if one waits without a date. */
  nextAttemptAt: string | null;
};

/** The activities, as workflow code sees them. */
export type PosthornActivities = {
  /** Posts an event. Retries of the activity are the same event. Returns when Posthorn has stored it. */
  sendWebhook(event: WebhookEvent): Promise<SentWebhook>;
  /** Posts an event like `sendWebhook`, and waits up to 20 s for its deliveries to settle. */
  sendWebhookAndWait(event: WebhookEvent): Promise<WebhookOutcome>;
  /** Reads what has become of an event. */
  readWebhook(id: string): Promise<WebhookOutcome>;
  /** Posts the event that reports the end of the run: one for each run. */
  sendCloseEvent(event: WebhookEvent): Promise<SentWebhook>;
};
