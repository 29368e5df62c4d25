/** The words of the API, in the order in which a reader needs them. docs/concepts.md has the same table. */
export const CONCEPTS: readonly { word: string; meaning: string }[] = [
  {
    word: 'project',
    meaning:
      'One producer of events, with its profile (how its webhooks look), its keys, its catalogue of event types and its endpoints. Nothing of one project is seen by another.',
  },
  {
    word: 'consumer',
    meaning:
      'A customer of the project, under the id that you know it by. It owns endpoints, may have a plan, and is made when an endpoint, an event or a key first names it.',
  },
  {
    word: 'admin key',
    meaning:
      'The operator’s key (`POSTHORN_ADMIN_KEY`). It makes projects and may make every call; a call about one project names it in the header `Posthorn-Project`.',
  },
  {
    word: 'project key',
    meaning:
      'Begins with `ph_`, and is for your own servers. It posts events, and manages everything of one project.',
  },
  {
    word: 'consumer key',
    meaning:
      'Begins with `phc_`, and is for one customer. It manages the customer’s own endpoints, reads its events, reads and repeats its deliveries, and sees the catalogue of event types.',
  },
  {
    word: 'endpoint',
    meaning:
      'A URL that receives events, with a secret that signs them, the event types that it subscribed to, and a status: `active`, `paused` or `disabled`.',
  },
  {
    word: 'event',
    meaning:
      'Something that happened, as you posted it: id, type, data. It never changes, and the same id is the same event however often it is posted.',
  },
  {
    word: 'delivery',
    meaning:
      'One event on its way to one endpoint. It is tried until it is `delivered`, `undeliverable` or `cancelled`; until then it is `pending`, `retrying` or `held`.',
  },
  {
    word: 'attempt',
    meaning:
      'One signed POST of a delivery, with what was sent and what came back. The policy of the profile or the project says when the next one is.',
  },
  {
    word: 'outcome',
    meaning:
      'What became of an attempt: `delivered` for a 2xx answer, else what went wrong, such as `rejected` or `timeout`. `GET /v1/outcomes` streams the outcomes of attempts, deliveries and events.',
  },
  {
    word: 'unrouted',
    meaning:
      'The status of an event that no endpoint took: none matched its consumer and type, or the consumer’s plan has no webhooks. It is kept, and is not sent to endpoints that come later.',
  },
];
