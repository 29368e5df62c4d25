/** The terms of the API, in the order in which a reader needs them. A test keeps docs/concepts.md in agreement. */
export const CONCEPTS: readonly { word: string; meaning: string }[] = [
  {
    word: 'project',
    meaning:
      'A producer of events. It has a profile (the format of its webhooks), keys, a catalogue of event types, and endpoints. A project never sees data of another project.',
  },
  {
    word: 'consumer',
    meaning:
      'A customer of the project, identified by your own id for it. A consumer owns endpoints and may have a plan. It is created when an endpoint, an event or a key first names it.',
  },
  {
    word: 'admin key',
    meaning:
      'The operator’s key (`POSTHORN_ADMIN_KEY`). It creates projects and may make every call. A call about one project names the project in the header `Posthorn-Project`.',
  },
  {
    word: 'project key',
    meaning:
      'A key for your own servers. It starts with `ph_`, posts events, and manages everything in one project.',
  },
  {
    word: 'consumer key',
    meaning:
      'A key for one customer. It starts with `phc_`, manages the customer’s own endpoints, reads its events, reads, retries and recovers its deliveries, and reads the catalogue of event types.',
  },
  {
    word: 'endpoint',
    meaning:
      'A URL that receives events. It has a secret that signs them, the event types that it subscribes to, and a status: `active`, `paused` or `disabled`. It may have a filter, limits, an order and a retry policy of its own.',
  },
  {
    word: 'event',
    meaning:
      'Something that happened, as you posted it: id, type and data. An event never changes. Posting the same id again returns the same event.',
  },
  {
    word: 'delivery',
    meaning:
      'One event on its way to one endpoint. It is attempted until it is `delivered`, `undeliverable` or `cancelled`. Until then it is `pending`, `retrying` or `held`, and `waitingFor` says what it waits for.',
  },
  {
    word: 'attempt',
    meaning:
      'One signed POST for a delivery, with the request and the response. The retry policy of the endpoint, the project or the profile sets the time of the next attempt.',
  },
  {
    word: 'outcome',
    meaning:
      'The result of an attempt: `delivered` for a 2xx response, otherwise the kind of failure, such as `rejected` or `timeout`. `GET /v1/outcomes` streams the outcomes of attempts, deliveries and events; lists of `endpoint`, `consumer` and `kind` leave out others.',
  },
  {
    word: 'retry, resend, replay',
    meaning:
      'A retry is a further attempt of the same delivery. To resend a delivery that has settled is to create a new one of the same event to the same endpoint; the new one replays the old one, whose `replayedBy` names it. `POST /v1/deliveries/{id}/retry` does either. `resentCount` of an event counts its undeliverable deliveries that were replayed. `resent` of an attempt is something else: its request was sent twice within that attempt.',
  },
  {
    word: 'unrouted',
    meaning:
      'The status of an event that matched no endpoint: none has its consumer, subscribes to its type and lets it pass its filter, or the consumer’s plan does not include webhooks. The event is kept. It reaches an endpoint that is created later only if a recovery or `POST /v1/events/{id}/deliveries` sends it.',
  },
  {
    word: 'recovery',
    meaning:
      'One durable job that sends again what failed, or what an endpoint missed. A cancellation is the same for open deliveries that must not be sent.',
  },
  {
    word: 'operational endpoint',
    meaning:
      'A URL of the project itself that is told what happens to its endpoints, such as that one only fails or was disabled.',
  },
  {
    word: 'erasure',
    meaning: 'A durable job that removes all that is stored about an event, a consumer or a project.',
  },
];
