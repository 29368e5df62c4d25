/** Every code that an error of the API can carry: its HTTP status, what happened, and what to do about it. */
export const PROBLEM_CODES = {
  malformed_json: {
    status: 400,
    title: 'The body is not JSON that can be read',
    help: 'The body must be JSON (RFC 8259) in UTF-8 without a byte order mark, nested at most 64 deep.',
  },
  invalid_query: {
    status: 400,
    title: 'A query parameter is not valid',
    help: 'See `errors` for the parameter. Each may be given once; unknown parameters are refused.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of this list',
    help: 'Pass `nextCursor` of the page before unchanged, or start again without a cursor.',
  },
  invalid_request: {
    status: 400,
    title: 'The request is not valid HTTP for this call',
    help: 'A header, the address, or the request as a whole could not be read.',
  },
  project_required: {
    status: 400,
    title: 'The admin key needs a project here',
    help: 'Name it with the header `Posthorn-Project: <id>`, or use a key of the project.',
  },
  unauthorized: {
    status: 401,
    title: 'The key is missing or wrong',
    help: 'Send `Authorization: Bearer <key>` with a key that exists. A deleted key stops working within a second.',
  },
  forbidden: {
    status: 403,
    title: 'This kind of key may not do this',
    help: 'Consumer keys see their own endpoints, events and deliveries, and the catalogue of event types, which is the same for all consumers; they cannot post events. Only the admin key manages projects.',
  },
  plan_required: {
    status: 403,
    title: 'The plan of the consumer does not include webhooks',
    help: 'Where the project names plans, a consumer must be on one of them to have an endpoint, or to be the consumer of an event with a target. Give it one with `PUT /v1/consumers/{id}`; a consumer that was given none is on `free`. Its events without a target are accepted, and kept without deliveries.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    help: 'The address is wrong, or what it names does not exist in this project.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method',
    help: 'The header `Allow` lists the methods that it takes.',
  },
  request_timeout: {
    status: 408,
    title: 'The request came too slowly',
    help: 'Headers may take 15 seconds, the whole request 30. A body must not stop for 5 seconds, nor come with less than 16 KiB a second. Send it again.',
  },
  id_conflict: {
    status: 409,
    title: 'This event id was used for other content',
    help: 'The same id may be posted again only with the same type, data (byte for byte), consumer, attributes and target. Use a new id for a new event.',
  },
  profile_name_taken: {
    status: 409,
    title: 'The name is of another profile',
    help: 'It ships with Posthorn, or is shared with all projects. Put the profile under another name.',
  },
  delivery_held: {
    status: 409,
    title: 'The delivery is held',
    help: 'Its endpoint takes no deliveries now; it goes on when the endpoint does.',
  },
  delivery_final: {
    status: 409,
    title: 'The delivery is final already',
    help: 'What is delivered, undeliverable or cancelled cannot be cancelled; a retry makes a new delivery of it.',
  },
  endpoint_deleted: {
    status: 409,
    title: 'The endpoint of the delivery is deleted',
    help: 'There is nowhere to send it again. Post the event under a new id for the endpoints that are there now.',
  },
  endpoint_paused: {
    status: 409,
    title: 'The endpoint is paused',
    help: 'Only `POST /v1/endpoints/{id}/resume` ends a pause.',
  },
  endpoint_blocked: {
    status: 403,
    title: 'The project has disabled the endpoint',
    help: '`disabledBy` of the endpoint is `project`: only a key of the project can enable it again. Ask whoever runs the service that sends to you.',
  },
  endpoint_disabled: {
    status: 409,
    title: 'The endpoint is disabled',
    help: 'Only `POST /v1/endpoints/{id}/enable` makes it active again; then it can be paused.',
  },
  cursor_gone: {
    status: 410,
    title: 'The stream cannot be resumed from there',
    help: 'What followed `Last-Event-ID` is no longer kept, or the id is of another database. Read the state with `GET /v1/events` and open the stream without it.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    help: 'An event may have as many bytes as POSTHORN_MAX_BODY says, a batch sixteen times that, a profile 64 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not declared as plain JSON',
    help: 'Send `Content-Type: application/json` (charset utf-8, if any) without `Content-Encoding`.',
  },
  invalid_id: {
    status: 422,
    title: 'The id in the address is not valid',
    help: 'See `errors` for the characters that an id may have, and for how many.',
  },
  invalid_body: {
    status: 422,
    title: 'The body has not the right shape',
    help: 'See `errors`: each has a JSON pointer into the body. Unknown and repeated members are refused.',
  },
  invalid_url: {
    status: 422,
    title: 'Deliveries may not go to this URL',
    help: 'See `errors` for the reason: nothing can be sent to such a URL, or the profile of the project or this installation does not allow it.',
  },
  data_not_representable: {
    status: 422,
    title: 'The profile cannot build a body of this event',
    help: 'See `errors`: the profile of the project needs an attribute, or a shape of `data`, that the event has not.',
  },
  data_not_valid: {
    status: 422,
    title: 'The data does not fit the schema of its event type',
    help: 'See `errors`: each has a JSON pointer to the place in `data`, and names the rule. `GET /v1/event-types` shows the schema; `PATCH /v1/project` with `schemas: "off"` switches the check off.',
  },
  catalogue_full: {
    status: 422,
    title: 'The project may not have more event types',
    help: 'A project may have 1,000 event types of its own, of 1 MiB together with their schemas and examples. Their schemas may have 40,000 schemas, keywords and values in all, which take time to compile.',
  },
  too_many_endpoints: {
    status: 422,
    title: 'The event matches more endpoints than one event may have',
    help: 'An event goes to at most 10,000 endpoints, the events of a batch to at most 100,000 in all. Split endpoints by type or by consumer, or send fewer events in a batch.',
  },
  too_many_profiles: {
    status: 422,
    title: 'There are as many profiles as may be',
    help: 'A project may have 50 profiles of its own, and a profile 1,000 versions; 200 may be shared. Put a new version of one that is there, or begin again under another name.',
  },
  secrets_refused: {
    status: 422,
    title: 'Endpoints have secrets that the profile refuses',
    help: 'Nothing was changed: what is signed with such a secret would not verify. Replace the secrets of these endpoints, or delete the endpoints, or let the profile take the secrets.',
  },
  consumer_required: {
    status: 422,
    title: 'Endpoints have no consumer, and the profile needs one',
    help: 'Nothing was changed: the profile names `$consumer`, so that every event must name a consumer, and an endpoint without one would get none. Delete these endpoints, and register them for their consumers.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong keys from this address',
    help: 'Wait as long as the header `Retry-After` says. Valid keys go on working.',
  },
  quota_exceeded: {
    status: 429,
    alsoStatus: 409,
    title: 'The project or the consumer has used up a quota or its share',
    help: 'With 429 it is a rate, or a share of what all tenants use together (connections, memory for bodies, places to wait): send the same request again after the seconds in `Retry-After`, and fewer at a time. With 409 it is a number of endpoints or keys: delete one first. `detail` names the quota or the share; the operator sets quotas with `POSTHORN_QUOTAS`.',
  },
  too_many_streams: {
    status: 429,
    title: 'The key has too many streams open',
    help: 'A key may have 20 streams of outcomes open at a time. Close one, or read all that you need from one of them.',
  },
  headers_too_large: {
    status: 431,
    title: 'The request has too many bytes of headers',
    help: 'All headers together may have 16 KiB.',
  },
  internal_error: {
    status: 500,
    title: 'Posthorn failed',
    help: 'The log has the reason under the request id in `instance`.',
  },
  query_timeout: {
    status: 503,
    title: 'The list took too long to read',
    help: 'A read may take 2.5 seconds. Ask for less (a smaller `limit`, a narrower `since` and `until`), or wait as long as `Retry-After` says.',
  },
  unavailable: {
    status: 503,
    title: 'The request cannot be taken now',
    help: 'The database is not available, more is under way than there is memory for, or events are posted faster than they can be stored. Send the same request again after the seconds in `Retry-After`; with an event `id` of your own nothing is sent twice.',
  },
} as const satisfies Record<string, { status: number; alsoStatus?: number; title: string; help: string }>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** The statuses with which a code is answered: most have one. */
export function statusesOf(code: ProblemCode): number[] {
  const problem: { status: number; alsoStatus?: number } = PROBLEM_CODES[code];
  return problem.alsoStatus === undefined ? [problem.status] : [problem.status, problem.alsoStatus];
}
