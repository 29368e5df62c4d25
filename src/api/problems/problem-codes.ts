/** Every code of an API error, with its HTTP status, a title that says what happened, and how to resolve it. */
export const PROBLEM_CODES = {
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    help: 'The body must be JSON (RFC 8259) in UTF-8, without a byte order mark, and nested at most 64 levels deep.',
  },
  invalid_query: {
    status: 400,
    title: 'Invalid query parameter',
    help: '`errors` names the parameter. A parameter may be given only once, and unknown parameters are rejected.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    help: 'Pass the `nextCursor` of the previous page of the same list unchanged, or start again without a cursor.',
  },
  window_required: {
    status: 400,
    title: 'Time window required',
    help: 'A search for attributes or in bodies looks at every event of its time. Pass `since` with a time within the last 7 days. Statistics need `from`, and `to` after it, at most 400 days later.',
  },
  too_many_points: {
    status: 400,
    title: 'Too many points',
    help: 'A timeline has at most 400 points. Pass a longer `step` or a shorter time, or no `step`: then one that fits is chosen.',
  },
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    help: 'A header, the path, or the HTTP request as a whole could not be read.',
  },
  project_required: {
    status: 400,
    title: 'Project required',
    help: 'The admin key must name a project here. Send the header `Posthorn-Project: <id>`, or use a key of the project.',
  },
  unauthorized: {
    status: 401,
    title: 'Missing or wrong key',
    help: 'Send `Authorization: Bearer <key>` with a key that exists. A deleted key stops working within one second, and so do its sessions. Browsers sign in at `/dashboard/`.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden for this kind of key',
    help: 'A consumer key can manage its own endpoints, read its own events, read, retry and recover its own deliveries, and read the catalogue of event types; it cannot post events. Only the admin key can manage projects.',
  },
  csrf_refused: {
    status: 403,
    title: 'Call from another page refused',
    help: 'A call that a browser signs in with its session cookie must carry the header `Posthorn-Dashboard: 1` and come from a page of Posthorn itself. Outside browsers, send a key: `Authorization: Bearer <key>`.',
  },
  read_only: {
    status: 403,
    title: 'Key or session only reads',
    help: 'The key was created with `access: "read"`, or the session began as `readOnly`: only GET and HEAD are allowed, also where another method changes nothing. Use another key, or sign in again.',
  },
  capability_missing: {
    status: 403,
    title: 'Not allowed in this session of the portal',
    help: 'The link that began the session leaves this capability out. `GET /v1/session` lists what the session may do; `capabilities` of `POST /v1/portal-links` chooses it.',
  },
  listeners_off: {
    status: 403,
    title: 'Listeners switched off',
    help: 'This installation does not allow listeners (`POSTHORN_LISTENERS=off`). Register a URL instead.',
  },
  plan_required: {
    status: 403,
    title: 'Plan without webhooks',
    help: 'If the project lists plans, a consumer must be on one of them to have an endpoint, or to be the consumer of an event with a target. Set its plan with `PUT /v1/consumers/{id}`; a consumer without a plan is on `free`. Its events without a target are still accepted, and stored without deliveries.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    help: 'The path is wrong, or the resource does not exist in this project.',
  },
  ui_not_built: {
    status: 404,
    title: 'Page not built',
    help: 'The pages of the dashboard and the portal are built by `npm start`, and are part of the image. This installation runs without them; everything else works.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    help: 'The header `Allow` lists the methods that this path supports. `HEAD` is supported wherever `GET` is, except by paths whose `GET` opens a stream.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timeout',
    help: 'The headers must arrive within 15 seconds and the whole request within 30. A body must not pause for more than 5 seconds or arrive at less than 16 KiB per second. Send the request again.',
  },
  id_conflict: {
    status: 409,
    title: 'Event id already used',
    help: 'An event with this id and different content exists. An id can be posted again only with the same type, data (byte for byte), consumer, attributes, target, and `ttl` or `expiresAt`. If you repeat a post, use `ttl`, not an `expiresAt` that is computed anew each time. Use a new id for a new event.',
  },
  uid_conflict: {
    status: 409,
    title: 'Endpoint uid already used',
    help: 'An endpoint of the same consumer has this `uid`, and it is not the endpoint that the call describes: `errors` names the members that differ. Change the endpoint with `PATCH /v1/endpoints/{id}`, or use another `uid`.',
  },
  idempotency_key_reused: {
    status: 409,
    title: 'Idempotency key already used',
    help: 'In the last 24 hours, a call with this `Idempotency-Key` had another path or body. Use a new key for each call, and the same key only to repeat it.',
  },
  profile_name_taken: {
    status: 409,
    title: 'Profile name already taken',
    help: 'The name belongs to a profile that ships with Posthorn or that all projects share. Use another name.',
  },
  delivery_held: {
    status: 409,
    title: 'Delivery held',
    help: 'The endpoint does not accept deliveries now. The delivery continues when the endpoint is active again.',
  },
  payload_removed: {
    status: 409,
    title: 'Payload removed',
    help: 'The body of the event has been removed by the `payloadRetention` of the project, so the event cannot be sent again. Post it as a new event with another id.',
  },
  response_too_late: {
    status: 409,
    title: 'Response too late',
    help: 'No attempt waits for this response: it has timed out or has a response, or the request is unknown. If it has failed, the delivery is sent again.',
  },
  delivery_final: {
    status: 409,
    title: 'Delivery already final',
    help: 'A delivery that is delivered, undeliverable or cancelled cannot be cancelled. To send it again, retry it: this creates a new delivery.',
  },
  recovery_final: {
    status: 409,
    title: 'Recovery already final',
    help: 'A recovery or cancellation that is done or cancelled cannot be paused, resumed or cancelled. Start another one.',
  },
  delivery_open: {
    status: 409,
    title: 'Delivery still open',
    help: 'The event is on its way to this endpoint. Retry or cancel the open delivery instead of creating another one.',
  },
  event_expired: {
    status: 409,
    title: 'Event expired',
    help: 'The event was posted with `expiresAt` or `ttl`, and that time has passed: it is not sent any more. Post it under a new id if it is still of use.',
  },
  endpoint_deleted: {
    status: 409,
    title: 'Endpoint deleted',
    help: 'The endpoint of the delivery no longer exists. To reach the current endpoints, post the event under a new id.',
  },
  endpoint_paused: {
    status: 409,
    title: 'Endpoint paused',
    help: 'Only `POST /v1/endpoints/{id}/resume` ends a pause.',
  },
  endpoint_blocked: {
    status: 403,
    title: 'Endpoint disabled by the project',
    help: 'The `disabledBy` of the endpoint is `project`, so only a key of the project can enable it. Contact the service that sends the webhooks.',
  },
  endpoint_disabled: {
    status: 409,
    title: 'Endpoint disabled',
    help: 'Enable the endpoint with `POST /v1/endpoints/{id}/enable` first; then it can be paused.',
  },
  portal_link_gone: {
    status: 410,
    title: 'Portal link gone',
    help: 'The link has been used, has expired, or was revoked. Each link opens the portal once: get a new one from the service that made it.',
  },
  cursor_expired: {
    status: 410,
    title: 'Stream position expired',
    help: 'The events after `Last-Event-ID` are no longer stored, or the id comes from another database. Read the current state with `GET /v1/events`, and open the stream without `Last-Event-ID`.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    help: 'An event is limited to POSTHORN_MAX_BODY bytes, a batch to 16 times that, a profile to 64 KiB, and a sign-in to 4 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    help: 'Send `Content-Type: application/json`, with `charset=utf-8` or no charset, and no `Content-Encoding`.',
  },
  invalid_id: {
    status: 422,
    title: 'Invalid id in the path',
    help: '`errors` lists the allowed characters and the allowed length.',
  },
  invalid_body: {
    status: 422,
    title: 'Invalid request body',
    help: 'Each entry in `errors` has a JSON pointer into the body. Unknown and repeated members are rejected.',
  },
  invalid_url: {
    status: 422,
    title: 'URL not allowed',
    help: '`errors` has the reason: no request can be sent to this URL, or the profile of the project or the configuration of Posthorn does not allow it.',
  },
  data_not_representable: {
    status: 422,
    title: 'Event does not fit the profile',
    help: 'The profile of the project cannot build a body from this event. `errors` names the attribute, or the part of `data`, that is missing or has the wrong form.',
  },
  data_not_valid: {
    status: 422,
    title: 'Data does not match the schema',
    help: 'Each entry in `errors` has a JSON pointer into `data` and names the rule. `GET /v1/event-types` shows the schema; `PATCH /v1/project` with `schemas: "off"` disables the check.',
  },
  catalogue_full: {
    status: 422,
    title: 'Event type catalogue full',
    help: 'A project can have 1,000 event types of its own, with at most 1 MiB of descriptions, schemas and examples. Their schemas can have at most 40,000 subschemas, keywords and values in total, because compiling them takes time.',
  },
  too_many_endpoints: {
    status: 422,
    title: 'Too many matching endpoints',
    help: 'An event can go to at most 10,000 endpoints, and the events of a batch to at most 100,000 in total. Divide endpoints by type or by consumer, or send smaller batches.',
  },
  too_many_profiles: {
    status: 422,
    title: 'Too many profiles',
    help: 'A project can have 50 profiles, and all projects can share 200. A profile can have 1,000 versions. Put a new version of an existing profile, or start a profile under another name.',
  },
  secrets_refused: {
    status: 422,
    title: 'Endpoint secrets rejected by the profile',
    help: 'Nothing was changed, because receivers could not verify signatures made with these secrets. Rotate the secrets of these endpoints, delete the endpoints, or change the profile so that it accepts the secrets.',
  },
  consumer_required: {
    status: 422,
    title: 'Endpoints without a consumer',
    help: 'Nothing was changed. The profile uses `$consumer`, so every event must name a consumer, and an endpoint without a consumer would never receive one. Delete these endpoints and register them for their consumers.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong keys',
    help: 'This address has sent too many wrong keys. Wait for the seconds in `Retry-After`. Valid keys continue to work.',
  },
  quota_exceeded: {
    status: 429,
    alsoStatus: 409,
    title: 'Quota exceeded',
    help: 'With status 429, a rate limit or a share of a common resource (connections, memory for bodies, waiting calls) is used up: send the same request again after the seconds in `Retry-After`, and send fewer requests at once. With status 409, the number of something is at its limit, and the same request succeeds once there are fewer. Endpoints, operational endpoints, listeners and keys: delete one. Filters: use one that another endpoint has, or remove one. Idempotency keys: each is forgotten after 24 hours. Recoveries and cancellations that run or are paused: cancel one, or wait until one has ended. Erasures: wait until one is completed. `detail` names the quota or the share; the operator sets quotas with `POSTHORN_QUOTAS`.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many open streams',
    help: 'A key can have 20 streams open at once, those of outcomes and those of listeners together. Close one; for outcomes, read everything from a single stream.',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    help: 'All headers together are limited to 16 KiB.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    help: 'Posthorn failed. The log has the cause under the request id in `instance`.',
  },
  query_timeout: {
    status: 503,
    title: 'Query timeout',
    help: 'A read is limited to 2.5 seconds. Request less (a smaller `limit`, a narrower `since` and `until`), or wait for the seconds in `Retry-After`.',
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    help: 'The database is unavailable, memory is used up, or events arrive faster than they can be stored. Send the same request again after the seconds in `Retry-After`; if you set the event `id`, no event is sent twice.',
  },
} as const satisfies Record<string, { status: number; alsoStatus?: number; title: string; help: string }>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** The HTTP statuses that a code can have; most codes have one. */
export function statusesOf(code: ProblemCode): number[] {
  const problem: { status: number; alsoStatus?: number } = PROBLEM_CODES[code];
  return problem.alsoStatus === undefined ? [problem.status] : [problem.status, problem.alsoStatus];
}
