// Generated from the OpenAPI document by sdk/models/write-models.ts. To change it, change the API and run the script.

export type NewEvent = {
  type: string;
  /** Any JSON; receivers get it byte for byte */
  data: unknown;
  /** Makes the post repeatable; `evt_…` when left out */
  id?: string;
  /** Goes to this consumer's endpoints alone */
  consumer?: string;
  attributes?: Record<string, string>;
  /** Delivers to this URL alone, instead of to endpoints */
  target?: {
    url: string;
    /** Signs what is sent there */
    secret: string;
  };
};

export type NewEvents = {
  events: NewEvent[];
};

export type NewEndpoint = {
  url: string;
  /** Types to receive: exact, `prefix.*`, or `*` */
  events?: string[];
  /** Made by Posthorn when left out. Some profiles require it, some refuse it */
  secret?: string;
  consumer?: string;
  description?: string;
  /** Sent with every delivery, at most 20 */
  headers?: Record<string, string>;
};

export type EndpointChanges = {
  url?: string;
  /** Types to receive: exact, `prefix.*`, or `*` */
  events?: string[];
  description?: string | null;
  /** All of them; null removes them */
  headers?: Record<string, string> | null;
};

export type SecretRotation = {
  /** As for a new endpoint */
  secret?: string;
  /** How long replaced secrets sign as well; 24h when left out */
  overlap?: string;
};

export type NewTestEvent = {
  /** The first of the catalogue when left out */
  type?: string;
};

export type NewWebhook = {
  url: string;
  /** Types to receive: exact, `prefix.*`, or `*` */
  events: string[];
  /** Made by Posthorn when left out. Some profiles require it, some refuse it */
  secret?: string;
};

/** What is left out is cleared */
export type ConsumerSettings = {
  name?: string;
  plan?: string;
};

export type NewKey = {
  /** Makes a key of this consumer alone */
  consumer?: string;
};

export type EventTypeSettings = {
  description: string;
  /** JSON Schema (2020-12) of the data, at most 32 KiB; null: none, whatever the profile has. Left out: the profile's */
  schema?: unknown;
  /** The data of an example event. Left out: the profile's */
  example?: unknown;
  /** The attributes of the example event. Left out: the profile's */
  exampleAttributes?: Record<string, string>;
};

export type NewProject = {
  name: string;
  /** The wire format */
  profile?: string;
};

export type ProjectChanges = {
  name?: string;
  /** The wire format */
  profile?: string;
  /** null: as the profile says */
  policy?: PolicyOverride | null;
  plans?: string[] | null;
  /** Whether data that does not fit the schema of its type is refused */
  schemas?: 'enforced' | 'off';
};

/** What differs from the policy of the profile */
export type PolicyOverride = {
  /** Waits between attempts */
  delays?: string[];
  /** A duration: 1 to 60 seconds */
  timeout?: string;
  /** At most this share of a delay is added */
  jitter?: number;
};

/** A wire format and its rules, as data; docs/profiles.md says what each field does */
export type Profile = {
  name: string;
  title: string;
  body: Record<string, string | number | boolean | null>;
  dataBytes: 'verbatim' | 'reserialized';
  timestampPrecision: 'seconds' | 'milliseconds';
  headers: Record<string, string>;
  signature: {
    algorithm: 'hmac-sha256' | 'hmac-sha512';
    content: '$body' | '$sentAt.$body' | '$id.$sentAt.$body';
    encoding: 'hex' | 'base64';
    format: string;
    whileRotating: 'all' | 'newest';
  };
  secret: {
    key: 'utf8' | 'base64AfterPrefix';
    prefix: string;
    generated: {
      bytes: number;
      encoding: 'hex' | 'base64';
    };
    min: number;
    max: number;
    source: 'generated' | 'either' | 'provided';
    returned: 'once' | 'never';
  };
  timeout: string;
  policy: {
    delays: string[];
    jitter: number;
  };
  urls: {
    httpsOnly: boolean;
    publicOnly: boolean;
  };
  plans?: string[];
  eventTypes?: {
    name: string;
    description: string;
    example: unknown;
    exampleAttributes?: Record<string, string>;
    schema?: Record<string, unknown>;
  }[];
  labels: {
    undeliverable: string;
  };
};

export type NewPreview = {
  type: string;
  /** Any JSON; the example of the type when left out */
  data?: unknown;
  attributes?: Record<string, string>;
  consumer?: string;
  id?: string;
  /** When the event was accepted; now when left out */
  createdAt?: string;
  /** As a test event */
  test?: boolean;
};

export type Event = {
  id: string;
  type: string;
  consumer: string | null;
  status: 'pending' | 'delivered' | 'undeliverable' | 'cancelled' | 'unrouted';
  test: boolean;
  createdAt: string;
  attributes: Record<string, string>;
  /** The URL of its own, as it is sent to; null: it goes to endpoints */
  target: {
    url: string;
  } | null;
  /** Any JSON; receivers get it byte for byte */
  data: unknown;
  /** As receivers get it */
  body: string;
  deliveryCount: number;
  /** The first 100 */
  deliveries: Delivery[];
};

export type Delivery = {
  id: string;
  event: string;
  /** null: the event's own target */
  endpoint: string | null;
  status: 'pending' | 'retrying' | 'held' | 'delivered' | 'undeliverable' | 'cancelled';
  /** How many were made */
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome:
    | 'delivered'
    | 'rejected'
    | 'timeout'
    | 'connection_failed'
    | 'dns_failed'
    | 'tls_failed'
    | 'invalid_response'
    | 'blocked'
    | 'unknown'
    | null;
  /** Why it became final without being delivered */
  reason: string | null;
  /** What a held delivery waits for */
  waitingFor: string | null;
  /** The delivery that this one repeats */
  replayOf: string | null;
  workflow: {
    id: string | null;
    /** Its page in the Temporal Web UI; null when Temporal does not keep it, or did not say in time */
    url: string | null;
  };
};

/** The event as it was stored; `GET /v1/events/{id}` always has its deliveries */
export type AcceptedEvent = {
  id: string;
  type: string;
  consumer: string | null;
  status: 'pending' | 'delivered' | 'undeliverable' | 'cancelled' | 'unrouted';
  test: boolean;
  createdAt: string;
  attributes: Record<string, string>;
  /** The URL of its own, as it is sent to; null: it goes to endpoints */
  target: {
    url: string;
  } | null;
  /** Any JSON; receivers get it byte for byte */
  data: unknown;
  /** As receivers get it */
  body: string;
  deliveryCount: number;
  /** The first 100 */
  deliveries?: Delivery[];
};

/** An error response (RFC 9457) */
export type Problem = {
  /** The URL that explains the code */
  type: string;
  title: string;
  status: number;
  detail: string;
  code:
    | 'malformed_json'
    | 'invalid_query'
    | 'invalid_cursor'
    | 'invalid_request'
    | 'project_required'
    | 'unauthorized'
    | 'forbidden'
    | 'plan_required'
    | 'not_found'
    | 'method_not_allowed'
    | 'request_timeout'
    | 'id_conflict'
    | 'profile_name_taken'
    | 'delivery_held'
    | 'delivery_final'
    | 'endpoint_deleted'
    | 'endpoint_paused'
    | 'endpoint_blocked'
    | 'endpoint_disabled'
    | 'cursor_expired'
    | 'payload_too_large'
    | 'unsupported_media_type'
    | 'invalid_id'
    | 'invalid_body'
    | 'invalid_url'
    | 'data_not_representable'
    | 'data_not_valid'
    | 'catalogue_full'
    | 'too_many_endpoints'
    | 'too_many_profiles'
    | 'secrets_refused'
    | 'consumer_required'
    | 'too_many_attempts'
    | 'quota_exceeded'
    | 'too_many_streams'
    | 'headers_too_large'
    | 'internal_error'
    | 'query_timeout'
    | 'unavailable';
  /** The id of the request; also in the response header `x-request-id` */
  instance: string;
  errors: {
    /** A JSON pointer into the body, or the name of a parameter */
    pointer: string;
    detail: string;
  }[];
};

export type AcceptedEvents = {
  items: AcceptedItem[];
};

export type AcceptedItem = {
  id: string;
  type: string;
  consumer: string | null;
  status: 'pending' | 'delivered' | 'undeliverable' | 'cancelled' | 'unrouted';
  test: boolean;
  createdAt: string;
  attributes: Record<string, string>;
  /** The URL of its own, as it is sent to; null: it goes to endpoints */
  target: {
    url: string;
  } | null;
  deliveryCount: number;
};

export type Attempt = {
  number: number;
  /** The place in the policy: 0 is the immediate attempt */
  step: number;
  startedAt: string;
  durationMs: number;
  outcome:
    | 'delivered'
    | 'rejected'
    | 'timeout'
    | 'connection_failed'
    | 'dns_failed'
    | 'tls_failed'
    | 'invalid_response'
    | 'blocked'
    | 'unknown';
  statusCode: number | null;
  request: {
    url: string;
    headers: Record<string, unknown>;
  } | null;
  response: {
    headers: Record<string, unknown>;
    /** At most 16 KiB; what is not UTF-8 shows as U+FFFD */
    body: string;
    truncated: boolean;
  } | null;
  error: {
    code: string;
    message: string;
  } | null;
  trigger: 'schedule' | 'manual' | 'rerun';
  /** A stale connection made us send once more within the attempt */
  resent: boolean;
};

export type CreatedEndpoint = {
  id: string;
  url: string;
  events: string[];
  consumer: string | null;
  description: string | null;
  /** The values are masked */
  headers: Record<string, string>;
  status: 'active' | 'paused' | 'disabled';
  /** Whose key disabled it. Only a key of the project enables what the project disabled */
  disabledBy: 'project' | 'consumer' | null;
  createdAt: string;
  updatedAt: string;
  /** Shown this once; left out where the profile does not show it */
  secret?: string;
};

export type Endpoint = {
  id: string;
  url: string;
  events: string[];
  consumer: string | null;
  description: string | null;
  /** The values are masked */
  headers: Record<string, string>;
  status: 'active' | 'paused' | 'disabled';
  /** Whose key disabled it. Only a key of the project enables what the project disabled */
  disabledBy: 'project' | 'consumer' | null;
  createdAt: string;
  updatedAt: string;
};

export type CreatedWebhook = {
  id: string;
  url: string;
  events: string[];
  status: 'active' | 'paused' | 'disabled';
  createdAt: string;
  /** Shown this once; left out where the profile does not show it */
  secret?: string;
};

export type Webhook = {
  id: string;
  url: string;
  events: string[];
  status: 'active' | 'paused' | 'disabled';
  createdAt: string;
};

export type Consumer = {
  id: string;
  name: string | null;
  plan: string | null;
  createdAt: string;
};

export type CreatedKey = {
  id: string;
  /** Shown this once */
  key: string;
};

export type ApiKey = {
  id: string;
  consumer: string | null;
  createdAt: string;
};

export type EventType = {
  type: string;
  description: string;
  /** Who says so */
  source: 'profile' | 'project';
  /** JSON Schema (2020-12) of the data; null: any data */
  schema: unknown;
  /** The data of an example event; null: there is none */
  example: unknown;
  exampleAttributes: Record<string, string>;
};

export type ChangedEventType = {
  type: string;
  description: string;
  /** Who says so */
  source: 'profile' | 'project';
  /** JSON Schema (2020-12) of the data; null: any data */
  schema: unknown;
  /** The data of an example event; null: there is none */
  example: unknown;
  exampleAttributes: Record<string, string>;
  /** Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means */
  warnings: string[];
};

export type CreatedProject = {
  id: string;
  name: string;
  profile: string;
  /** An API key of the project; shown this once */
  key: string;
};

export type Project = {
  id: string;
  name: string;
  profile: string;
  policy: PolicyOverride | null;
  plans: string[] | null;
  /** Whether data that does not fit the schema of its type is refused */
  schemas: 'enforced' | 'off';
  callbackUrl: null;
  createdAt: string;
};

export type ChangedProject = {
  id: string;
  name: string;
  profile: string;
  policy: PolicyOverride | null;
  plans: string[] | null;
  /** Whether data that does not fit the schema of its type is refused */
  schemas: 'enforced' | 'off';
  callbackUrl: null;
  createdAt: string;
  /** Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means */
  warnings: string[];
};

export type ListedProfile = {
  name: string;
  version: number;
  /** Comes with Posthorn, is shared with all projects, or is the project's own */
  source: 'shipped' | 'shared' | 'own';
  title: string;
  /** The names in its catalogue */
  eventTypes: string[];
};

export type StoredProfile = {
  name: string;
  version: number;
  /** Comes with Posthorn, is shared with all projects, or is the project's own */
  source: 'shipped' | 'shared' | 'own';
  profile: Profile;
};

export type ChangedProfile = {
  name: string;
  version: number;
  /** Comes with Posthorn, is shared with all projects, or is the project's own */
  source: 'shipped' | 'shared' | 'own';
  /** Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means */
  warnings: string[];
  profile: Profile;
};

export type Preview = {
  profile: string;
  version: number;
  id: string;
  type: string;
  consumer: string | null;
  attributes: Record<string, string>;
  createdAt: string;
  /** When the request was signed */
  sentAt: string;
  /** Made for this preview; it signs nothing else */
  secret: string;
  /** Those of the profile; the connection and the endpoint add their own */
  headers: Record<string, string>;
  /** Byte for byte, as UTF-8 */
  body: string;
};

export type Readiness = {
  ready: boolean;
  components: { [name: string]: {
    ok: boolean;
    detail?: string;
  } };
};

export type PostEventQuery = {
  /** Answer 200 as soon as every delivery has settled */
  wait?: string;
};

export type ListEventsQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
  type?: string;
  status?: 'pending' | 'delivered' | 'undeliverable' | 'cancelled' | 'unrouted';
  consumer?: string;
  endpoint?: string;
  /** Not older than this */
  since?: string;
  /** Older than this */
  until?: string;
};

export type ListDeliveriesQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
  status?: 'pending' | 'retrying' | 'held' | 'delivered' | 'undeliverable' | 'cancelled';
  endpoint?: string;
  event?: string;
};

export type ListAttemptsQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type ListEndpointsQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
  consumer?: string;
};

export type TestEndpointQuery = {
  /** Answer 200 as soon as every delivery has settled */
  wait?: string;
};

export type ListWebhooksQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type ListConsumersQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type ListKeysQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type ListEventTypesQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type ListProfilesQuery = {
  /** Items on a page, at most 200 */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
};

export type GetProfileQuery = {
  /** The newest when left out */
  version?: number;
};

export type PreviewProfileQuery = {
  /** The newest when left out */
  version?: number;
};
