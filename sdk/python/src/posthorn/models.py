"""Generated from the OpenAPI document by sdk/models/write-models.ts. To change it, change the API and run the script.

Keys have the names of the JSON members. Responses may contain more keys, because the API may grow.
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

__all__ = [
    "AcceptedEvent",
    "AcceptedEvents",
    "AcceptedItem",
    "AcceptedOfType",
    "ApiKey",
    "Attempt",
    "AuditEntry",
    "Backlog",
    "Cancellation",
    "CertificateSummary",
    "ChangedEventType",
    "ChangedProfile",
    "ChangedProject",
    "ClientCertificate",
    "Consumer",
    "ConsumerSession",
    "ConsumerSettings",
    "CreatedEndpoint",
    "CreatedKey",
    "CreatedListener",
    "CreatedOperationalEndpoint",
    "CreatedProject",
    "CreatedWebhook",
    "DeleteConsumerQuery",
    "Delivery",
    "DeliveryDetails",
    "Dismissal",
    "DueDeliveries",
    "Endpoint",
    "EndpointBacklog",
    "EndpointChanges",
    "EndpointFigures",
    "EndpointHealth",
    "EndpointOAuth",
    "EndpointOAuthChanges",
    "EndpointOAuthSummary",
    "EndpointOrder",
    "EndpointStatistics",
    "EndpointTls",
    "EndpointTlsSummary",
    "Erasure",
    "Event",
    "EventSummary",
    "EventType",
    "EventTypeSettings",
    "EventTypeStatistics",
    "FailureGroup",
    "FailureRules",
    "FailureRulesOverride",
    "Failures",
    "FilterPreview",
    "FilterPreviewRequest",
    "GetEndpointStatisticsQuery",
    "GetEventTypeQuery",
    "GetEventTypeStatisticsQuery",
    "GetProfileQuery",
    "GetTimelineQuery",
    "LinkTheme",
    "ListAttemptsQuery",
    "ListAuditEntriesQuery",
    "ListCancellationsQuery",
    "ListConsumerSessionsQuery",
    "ListConsumersQuery",
    "ListDeliveriesQuery",
    "ListEndpointsQuery",
    "ListErasuresQuery",
    "ListEventTypesQuery",
    "ListEventsQuery",
    "ListFailuresQuery",
    "ListKeysQuery",
    "ListListenersQuery",
    "ListOperationalDeliveriesQuery",
    "ListOperationalEndpointsQuery",
    "ListProfilesQuery",
    "ListProjectsQuery",
    "ListRecoveriesQuery",
    "ListWebhooksQuery",
    "ListedProfile",
    "ListedProject",
    "Listener",
    "ListenerResponse",
    "NewCancellation",
    "NewDelivery",
    "NewDismissal",
    "NewEndpoint",
    "NewEvent",
    "NewEventTypePreview",
    "NewEvents",
    "NewKey",
    "NewListener",
    "NewOperationalEndpoint",
    "NewPortalLink",
    "NewPortalSession",
    "NewPreview",
    "NewProject",
    "NewRecovery",
    "NewSession",
    "NewTestEvent",
    "NewWebhook",
    "OperationalEndpoint",
    "OperationalEndpointChanges",
    "PolicyInForce",
    "PolicyOverride",
    "PortalLink",
    "PortalSession",
    "PortalSettings",
    "PortalTheme",
    "PostEventQuery",
    "Preview",
    "PreviewProfileQuery",
    "Problem",
    "Profile",
    "Project",
    "ProjectChanges",
    "Rate",
    "Readiness",
    "Recovery",
    "RecoveryPreview",
    "SecretRotation",
    "Session",
    "SignInCode",
    "Signing",
    "StoredProfile",
    "StreamOutcomesQuery",
    "TestEndpointQuery",
    "Timeline",
    "Webhook",
]


class NewEventTarget(TypedDict):
    """Delivers only to this URL instead of to endpoints"""

    url: str
    # Signs the requests to this URL
    secret: str


class _RequiredNewEvent(TypedDict):
    type: str
    # Any JSON value. Receivers get it byte for byte
    data: Any


class NewEvent(_RequiredNewEvent, total=False):
    # Makes the call idempotent. Default: a new `evt_…` id
    id: str
    # Delivers only to this consumer's endpoints
    consumer: str
    # At most 64, and 16 KiB of names and values in UTF-8
    attributes: Dict[str, str]
    # Delivers only to this URL instead of to endpoints
    target: NewEventTarget
    # From then on, no request for the event starts, and its open deliveries end `undeliverable` with the reason `expired`
    expiresAt: str
    # The same as a time from now, instead of `expiresAt`
    ttl: str


class NewEvents(TypedDict):
    events: List[NewEvent]


class NewDelivery(TypedDict):
    endpoint: str


class NewDismissalFilter(TypedDict, total=False):
    endpoint: str
    consumer: str
    # The type of the event
    type: str
    # The outcome of the last attempt
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    # The status code of the last attempt
    statusCode: int
    # The code of the error of the last attempt, such as `ECONNREFUSED`
    errorCode: str
    # Only deliveries created at or after this time
    since: str
    # Only deliveries created before this time
    until: str


class NewDismissal(TypedDict, total=False):
    """Either `deliveries` or `filter`"""

    # Their ids. Those that are not yours, or to which this does not apply, are left out
    deliveries: List[str]
    filter: NewDismissalFilter


class NewRecovery(TypedDict, total=False):
    # `failed`: `undeliverable` deliveries that are neither replayed nor dismissed. `missing`: events without a delivery to `endpoint` that match what it subscribes to now. May be left out with `deliveries`
    what: Literal["failed", "missing"]
    endpoint: str
    consumer: str
    # The type of the event
    type: str
    # The outcome of the last attempt
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    # The status code of the last attempt
    statusCode: int
    # The code of the error of the last attempt, such as `ECONNREFUSED`
    errorCode: str
    # Inclusive. Required without `deliveries`
    since: str
    # Exclusive. Default: now
    until: str
    # Their ids. Those that are not yours, or to which this does not apply, are left out
    deliveries: List[str]
    # Only counts: nothing is stored or sent
    dryRun: bool
    # Deliveries a second; 50 by default
    rate: int


class NewCancellation(TypedDict, total=False):
    endpoint: str
    consumer: str
    # The type of the event
    type: str
    # The outcome of the last attempt
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    # The status code of the last attempt
    statusCode: int
    # The code of the error of the last attempt, such as `ECONNREFUSED`
    errorCode: str
    # Inclusive. Required without `deliveries`
    since: str
    # Exclusive. Default: now
    until: str
    # Their ids. Those that are not yours, or to which this does not apply, are left out
    deliveries: List[str]
    # Only counts: nothing is stored or sent
    dryRun: bool


class NewListener(TypedDict, total=False):
    # Event types to receive: an exact type, `prefix.*` or `*`
    events: List[str]
    consumer: str
    # Names the listener, as the end of its `url`. If its consumer has a listener with this label, that one is returned. Default: generated by Posthorn
    label: str
    # Default: generated by Posthorn. Some profiles require a secret, others do not accept one
    secret: str


class _RequiredListenerResponse(TypedDict):
    delivery: str
    attempt: int


class ListenerResponse(_RequiredListenerResponse, total=False):
    # The status of the response
    status: int
    # Its headers, at most 16 KiB in all
    headers: Dict[str, Union[str, List[str]]]
    # Its body; 16 KiB are kept
    body: str
    # Whether the body is only the beginning
    truncated: bool
    # How long it took
    durationMs: float
    # Instead of `status`, if there was no response: a code of an attempt, such as `ECONNREFUSED` or `RESPONSE_TIMEOUT`
    error: str


class _RequiredNewEndpoint(TypedDict):
    url: str


class NewEndpoint(_RequiredNewEndpoint, total=False):
    # Your own name for the endpoint. A consumer has one endpoint with a uid; so have the endpoints without a consumer. The same call again returns it, and a call with other content gets 409
    uid: str
    # Event types to receive: an exact type, `prefix.*` or `*`
    events: List[str]
    # Default: generated by Posthorn. Some profiles require a secret, others do not accept one
    secret: str
    consumer: str
    description: str
    # Headers added to every request, at most 20
    headers: Dict[str, str]
    # The retry policy of deliveries to this endpoint. Only with a project key
    policy: PolicyOverride
    # A JSON Schema (draft 2020-12) over `{type, attributes, data}`. Events that do not match it are not sent to the endpoint
    filter: Dict[str, Any]
    rate: Rate
    # At most so many requests under way at once, over all workers. The others wait in order
    concurrency: int
    # One delivery at a time, in the order of `sequence`. One that fails holds back the others until it is delivered or its last attempt has failed
    ordered: bool
    tls: EndpointTls
    oauth: EndpointOAuth


class PolicyOverride(TypedDict, total=False):
    """Overrides parts of the retry policy: a project's those of its profile, an endpoint's those of its project"""

    # Named delays: `default` is 1 m, 5 m, 30 m, 2 h; `three-days` is 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
    schedule: Literal["default", "three-days"]
    # Delays between attempts, instead of `schedule`
    delays: List[str]
    # A duration, 1 to 60 seconds
    timeout: str
    # Fraction of each delay; up to this much is added at random
    jitter: float
    # Responses that end a delivery at once
    finalStatuses: List[str]


class Rate(TypedDict):
    """At most so many requests per second or minute, evenly spaced, over all workers. What exceeds it waits in order and uses no attempt"""

    limit: int
    per: Literal["second", "minute"]


class EndpointTls(TypedDict, total=False):
    """TLS of the connections to the endpoint. Its URL must use https"""

    # What the endpoint shows to a receiver that asks for a client certificate; null removes it
    clientCertificate: Optional[ClientCertificate]
    # PEM text of 1 to 10 certificates: only a receiver whose certificate one of them issued is trusted. null: the public authorities and those of the operator
    authorities: Optional[str]


class ClientCertificate(TypedDict):
    # PEM text: the certificate, followed by those that lead from it to its authority; at most 10 in all
    certificate: str
    # PEM text of the private key of the first certificate, not encrypted: RSA with 2,048 to 4,096 bits, ECDSA with P-256, P-384 or P-521, or Ed25519. Never returned
    privateKey: str


class _RequiredEndpointOAuth(TypedDict):
    # The token endpoint (RFC 6749 section 3.2). The rules for the URL of the endpoint apply to it as well
    tokenUrl: str
    clientId: str
    # Never returned
    clientSecret: str


class EndpointOAuth(_RequiredEndpointOAuth, total=False):
    """OAuth 2 client credentials (RFC 6749 section 4.4): each request to the endpoint has an access token in its header `Authorization`"""

    # Sent as `scope`, with spaces between them
    scopes: List[str]
    # Sent as `audience`, which some token servers require
    audience: str
    # How the client proves who it is: `basic` sends id and secret in the header `Authorization`, `body` as `client_id` and `client_secret` in the body
    clientAuthentication: Literal["basic", "body"]


class EndpointChanges(TypedDict, total=False):
    url: str
    # Event types to receive: an exact type, `prefix.*` or `*`
    events: List[str]
    # null removes it
    uid: Optional[str]
    description: Optional[str]
    # Replaces all headers; null removes them
    headers: Optional[Dict[str, str]]
    # Replaces what the endpoint sets of the retry policy; null: the project's. For new deliveries. Only with a project key
    policy: Optional[PolicyOverride]
    # Replaces the filter, for events that are posted from now on; null removes it
    filter: Optional[Dict[str, Any]]
    # null removes the limit
    rate: Optional[Rate]
    # null removes the limit
    concurrency: Optional[int]
    # One delivery at a time, in the order of `sequence`. One that fails holds back the others until it is delivered or its last attempt has failed
    ordered: bool
    # Members that are left out stay unchanged; null removes both the client certificate and the authorities
    tls: Optional[EndpointTls]
    # Members that are left out stay unchanged, but another `tokenUrl` needs the `clientSecret` as well; null removes all. The first time, `tokenUrl`, `clientId` and `clientSecret` are required
    oauth: Optional[EndpointOAuthChanges]


class EndpointOAuthChanges(TypedDict, total=False):
    """OAuth 2 client credentials (RFC 6749 section 4.4): each request to the endpoint has an access token in its header `Authorization`"""

    # The token endpoint (RFC 6749 section 3.2). The rules for the URL of the endpoint apply to it as well
    tokenUrl: str
    clientId: str
    # Never returned
    clientSecret: str
    # null removes them
    scopes: Optional[List[str]]
    # null removes it
    audience: Optional[str]
    # How the client proves who it is: `basic` sends id and secret in the header `Authorization`, `body` as `client_id` and `client_secret` in the body
    clientAuthentication: Literal["basic", "body"]


class SecretRotation(TypedDict, total=False):
    # Same rules as for a new endpoint
    secret: str
    # How long the replaced secrets keep signing. Default: 24h
    overlap: str


class NewTestEvent(TypedDict, total=False):
    # Default: the first type in the catalogue
    type: str
    # Sent instead of the example, byte for byte; then the type needs no example. Only with a project key
    data: Any


class FilterPreviewRequest(TypedDict, total=False):
    # Default: the filter of the endpoint
    filter: Dict[str, Any]
    # Events to compare. Default: 20
    limit: int


class _RequiredNewWebhook(TypedDict):
    url: str
    # Event types to receive: an exact type, `prefix.*` or `*`
    events: List[str]


class NewWebhook(_RequiredNewWebhook, total=False):
    # Default: generated by Posthorn. Some profiles require a secret, others do not accept one
    secret: str


class ConsumerSettings(TypedDict, total=False):
    """Omitted members are cleared"""

    name: str
    plan: str


class NewKey(TypedDict, total=False):
    # Creates a key for this consumer only
    consumer: str
    # `read`: only GET and HEAD are allowed; `full` if left out
    access: Literal["full", "read"]
    # What the key is for, for people
    name: str


class _RequiredEventTypeSettings(TypedDict):
    description: str


class EventTypeSettings(_RequiredEventTypeSettings, total=False):
    # JSON Schema (2020-12) of the data, at most 32 KiB. null: no schema, even if the profile has one. Default: the profile's
    schema: Any
    # The data of an example event. Default: the profile's
    example: Any
    # The attributes of the example event: at most 64, with 16 KiB of names and values. Default: the profile's
    exampleAttributes: Dict[str, str]


class NewEventTypePreview(TypedDict, total=False):
    # Any JSON value. Default: the example of the type
    data: Any
    # At most 64, and 16 KiB of names and values in UTF-8
    attributes: Dict[str, str]
    consumer: str


class _RequiredNewProject(TypedDict):
    name: str


class NewProject(_RequiredNewProject, total=False):
    # The wire format
    profile: str


class ProjectChanges(TypedDict, total=False):
    name: str
    # The wire format
    profile: str
    # null: the profile's
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether events whose data violates the schema of their type are refused
    schemas: Literal["enforced", "off"]
    # Replaces the settings of the portal; null: the defaults
    portal: Optional[PortalSettings]
    # null: the defaults
    failures: Optional[FailureRulesOverride]
    # Removes data, body, and headers and bodies of requests and responses so long after an event was posted, once it has settled; null: they stay as long as the event
    payloadRetention: Optional[str]


class PortalSettings(TypedDict, total=False):
    """The look of the portal, and who may show it. What is left out has its default"""

    # The name of the product
    name: str
    logoUrl: str
    accent: str
    mode: Literal["light", "dark", "auto"]
    # The radius of corners in pixels
    radius: int
    # Origins whose pages may show the portal in a frame
    origins: List[str]
    # Where the portal leads back to
    returnUrl: str
    # Where the portal goes for a new link when its session ends
    refreshUrl: str
    # Whether the portal does not mention Posthorn
    hideBranding: bool


class FailureRulesOverride(TypedDict, total=False):
    """Replaces the defaults. Omitted members have the default"""

    # How long a receiver has to fail, and at least 20 times, until it is sent only probes. 0: never
    coolDownAfter: Union[Literal["0"], str]
    # The time to the first probe. It doubles with each probe that fails, up to 5 minutes. 0: no cool-down
    probeEvery: Union[Literal["0"], str]
    # When an endpoint that only fails is first reported. 0: never
    warnAfter: Union[Literal["0"], str]
    # When it is reported once more. 0: never
    warnAgainAfter: Union[Literal["0"], str]
    # When it is disabled. 0: never
    disableAfter: Union[Literal["0"], str]


class ProfileSignature(TypedDict):
    algorithm: Literal["hmac-sha256", "hmac-sha512"]
    content: Literal["$body", "$sentAt.$body", "$id.$sentAt.$body"]
    encoding: Literal["hex", "base64"]
    format: str
    whileRotating: Literal["all", "newest"]


class ProfileSecretGenerated(TypedDict):
    bytes: int
    encoding: Literal["hex", "base64"]


class ProfileSecret(TypedDict):
    key: Literal["utf8", "base64AfterPrefix"]
    prefix: str
    generated: ProfileSecretGenerated
    min: int
    max: int
    source: Literal["generated", "either", "provided"]
    returned: Literal["once", "never"]


class _RequiredProfilePolicy(TypedDict):
    delays: List[str]
    jitter: float


class ProfilePolicy(_RequiredProfilePolicy, total=False):
    finalStatuses: List[str]


class ProfileResponses(TypedDict, total=False):
    gone: bool
    retryAfter: bool
    tooManyRequests: bool
    coolDown: bool


class ProfileUrls(TypedDict):
    httpsOnly: bool
    publicOnly: bool


class _RequiredProfileEventTypes(TypedDict):
    name: str
    description: str
    example: Any


class ProfileEventTypes(_RequiredProfileEventTypes, total=False):
    # At most 64, and 16 KiB of names and values in UTF-8
    exampleAttributes: Dict[str, str]
    schema: Dict[str, Any]


class ProfileLabels(TypedDict):
    undeliverable: str


class _RequiredProfile(TypedDict):
    name: str
    title: str
    body: Dict[str, Optional[Union[str, float, bool]]]
    dataBytes: Literal["verbatim", "reserialized"]
    timestampPrecision: Literal["seconds", "milliseconds"]
    headers: Dict[str, str]
    signature: ProfileSignature
    secret: ProfileSecret
    timeout: str
    policy: ProfilePolicy
    urls: ProfileUrls
    labels: ProfileLabels


class Profile(_RequiredProfile, total=False):
    """A wire format and its rules, as data. docs/profiles.md describes each member"""

    responses: ProfileResponses
    plans: List[str]
    eventTypes: List[ProfileEventTypes]


class _RequiredNewPreview(TypedDict):
    type: str


class NewPreview(_RequiredNewPreview, total=False):
    # Any JSON value. Default: the example of the type
    data: Any
    # At most 64, and 16 KiB of names and values in UTF-8
    attributes: Dict[str, str]
    consumer: str
    id: str
    # When the event was accepted. Default: now
    createdAt: str
    # Whether the event is a test event
    test: bool


class _RequiredNewOperationalEndpoint(TypedDict):
    url: str


class NewOperationalEndpoint(_RequiredNewOperationalEndpoint, total=False):
    # Your own name for the endpoint, unique among the operational endpoints of the project. The same call again returns it, and a call with other content gets 409
    uid: str
    # Default: all
    types: List[Literal[
        "endpoint.failing",
        "endpoint.recovered",
        "endpoint.disabled",
        "delivery.undeliverable",
        "recovery.finished",
    ]]
    # Default: generated by Posthorn
    secret: str


class OperationalEndpointChanges(TypedDict, total=False):
    url: str
    # null removes it
    uid: Optional[str]
    # Default: all
    types: List[Literal[
        "endpoint.failing",
        "endpoint.recovered",
        "endpoint.disabled",
        "delivery.undeliverable",
        "recovery.finished",
    ]]
    # Enables an endpoint that was disabled
    status: Literal["active"]


class NewSession(TypedDict, total=False):
    # The admin key, or a key of a project
    key: str
    # The code of a sign-in link, instead of a key
    code: str
    # Whether the session may only read, also with a key that may do more
    readOnly: bool


class _RequiredNewPortalLink(TypedDict):
    # Whose portal it opens. The consumer is created if it is new
    consumer: str


class NewPortalLink(_RequiredNewPortalLink, total=False):
    # The page that it opens, without a leading `/`
    path: str
    theme: LinkTheme
    # Instead of the project's
    returnUrl: str
    # Instead of the project's
    refreshUrl: str
    # What the session may do. All of it if left out; `view` always
    capabilities: List[Literal["view", "payloads", "endpoints", "secrets", "test", "retry"]]
    # How long the link can be used; 10m if left out
    expiresIn: str
    # How long the session lasts; 8h if left out. It ends an hour after its last use, too
    sessionFor: str


class LinkTheme(TypedDict, total=False):
    """Overrides the look that the project sets"""

    logoUrl: str
    accent: str
    mode: Literal["light", "dark", "auto"]
    # The radius of corners in pixels
    radius: int


class NewPortalSession(TypedDict):
    code: str


class EventTarget(TypedDict):
    url: str


class _RequiredEvent(TypedDict):
    id: str
    # Increases within the project: an event posted after another was accepted has a higher number
    sequence: int
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    expiresAt: Optional[str]
    attributes: Dict[str, str]
    # The event's own target URL; null if the event goes to endpoints
    target: Optional[EventTarget]
    deliveryCount: int
    # Any JSON value. Receivers get it byte for byte
    data: Any
    # The request body that receivers get; null if it has been removed
    body: Optional[str]
    # When data and body were removed, by the `payloadRetention` of the project; `data` is null from then on
    payloadRemovedAt: Optional[str]
    # The first 100 deliveries
    deliveries: List[Delivery]


class Event(_RequiredEvent, total=False):
    # The size of the body, instead of body and data: in a session of the portal without `payloads`
    bytes: int


class DeliveryWorkflow(TypedDict):
    # null while the delivery waits to be assigned, and during and after a first attempt that needed no workflow
    id: Optional[str]
    # Link to the workflow in the Temporal Web UI; null if Temporal no longer keeps it or did not respond in time, or if no workflow was needed
    url: Optional[str]


class Delivery(TypedDict):
    id: str
    event: str
    # The event's sequence
    sequence: int
    # null if the delivery goes to the event's own target
    endpoint: Optional[str]
    status: Literal["pending", "retrying", "held", "delivered", "undeliverable", "cancelled"]
    # Number of attempts made
    attempts: int
    nextAttemptAt: Optional[str]
    lastOutcome: Optional[Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]]
    # Why the delivery ended without being delivered: `exhausted`, `gone`, `final_status`, `expired`, `cancelled`, `endpoint_deleted`, `erased`
    reason: Optional[str]
    # What the delivery waits for; null while an attempt is under way, and once it is settled
    waitingFor: Optional[Literal[
        "schedule",
        "retry_after",
        "cooldown",
        "rate",
        "order",
        "endpoint_paused",
        "endpoint_disabled",
        "plan",
        "engine",
    ]]
    # When that ends; null if it is not known
    waitingUntil: Optional[str]
    # The delivery that this one replays
    replayOf: Optional[str]
    # The newest delivery that replays this one
    replayedBy: Optional[str]
    # The recovery that made it
    recovery: Optional[str]
    createdAt: str
    settledAt: Optional[str]
    consumer: Optional[str]
    eventType: str
    test: bool
    lastStatusCode: Optional[int]
    # The code of the error of the last attempt, such as `ECONNREFUSED`
    lastErrorCode: Optional[str]
    # Whether it is to be cancelled, and a POST in flight decides
    cancelRequested: bool
    # When it was dismissed: nobody will fix it, and it needs no attention
    dismissedAt: Optional[str]
    workflow: DeliveryWorkflow


class AcceptedEventTarget(TypedDict):
    url: str


class _RequiredAcceptedEvent(TypedDict):
    id: str
    # Increases within the project: an event posted after another was accepted has a higher number
    sequence: int
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    expiresAt: Optional[str]
    attributes: Dict[str, str]
    # The event's own target URL; null if the event goes to endpoints
    target: Optional[AcceptedEventTarget]
    deliveryCount: int
    # Any JSON value. Receivers get it byte for byte
    data: Any
    # The request body that receivers get; null if it has been removed
    body: Optional[str]
    # When data and body were removed, by the `payloadRetention` of the project; `data` is null from then on
    payloadRemovedAt: Optional[str]


class AcceptedEvent(_RequiredAcceptedEvent, total=False):
    """The stored event. `GET /v1/events/{id}` always includes its deliveries"""

    # The size of the body, instead of body and data: in a session of the portal without `payloads`
    bytes: int
    # The first 100 deliveries
    deliveries: List[Delivery]


class ProblemErrors(TypedDict):
    # A JSON pointer into the body, or the name of a parameter
    pointer: str
    detail: str


class Problem(TypedDict):
    """An error response (RFC 9457)"""

    # The URL that explains the code
    type: str
    title: str
    status: int
    detail: str
    code: Literal[
        "malformed_json",
        "invalid_query",
        "invalid_cursor",
        "window_required",
        "too_many_points",
        "invalid_request",
        "project_required",
        "unauthorized",
        "forbidden",
        "csrf_refused",
        "read_only",
        "capability_missing",
        "listeners_off",
        "plan_required",
        "not_found",
        "ui_not_built",
        "method_not_allowed",
        "request_timeout",
        "id_conflict",
        "uid_conflict",
        "idempotency_key_reused",
        "profile_name_taken",
        "delivery_held",
        "payload_removed",
        "response_too_late",
        "delivery_final",
        "recovery_final",
        "delivery_open",
        "event_expired",
        "endpoint_deleted",
        "endpoint_paused",
        "endpoint_blocked",
        "endpoint_disabled",
        "portal_link_gone",
        "cursor_expired",
        "payload_too_large",
        "unsupported_media_type",
        "invalid_id",
        "invalid_body",
        "invalid_url",
        "data_not_representable",
        "data_not_valid",
        "catalogue_full",
        "too_many_endpoints",
        "too_many_profiles",
        "secrets_refused",
        "consumer_required",
        "too_many_attempts",
        "quota_exceeded",
        "too_many_streams",
        "headers_too_large",
        "internal_error",
        "query_timeout",
        "unavailable",
    ]
    # The id of the request; also in the response header `x-request-id`
    instance: str
    errors: List[ProblemErrors]


class EventSummaryTarget(TypedDict):
    url: str


class EventSummary(TypedDict):
    id: str
    # Increases within the project: an event posted after another was accepted has a higher number
    sequence: int
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    expiresAt: Optional[str]
    attributes: Dict[str, str]
    # The event's own target URL; null if the event goes to endpoints
    target: Optional[EventSummaryTarget]
    deliveryCount: int
    # The length of the request body
    bytes: int
    settledAt: Optional[str]
    openCount: int
    deliveredCount: int
    undeliverableCount: int
    cancelledCount: int
    # Of the open deliveries, those that are `retrying`. This and the next three are null for an event with more than 100 deliveries: list these instead
    retryingCount: Optional[int]
    # The earliest next attempt of one that is `retrying`
    nextAttemptAt: Optional[str]
    # Of the undeliverable ones, those that another delivery replays
    resentCount: Optional[int]
    # Of the undeliverable ones, those that were dismissed and not replayed
    dismissedCount: Optional[int]


class AcceptedEvents(TypedDict):
    items: List[AcceptedItem]


class AcceptedItemTarget(TypedDict):
    url: str


class AcceptedItem(TypedDict):
    id: str
    # Increases within the project: an event posted after another was accepted has a higher number
    sequence: int
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    expiresAt: Optional[str]
    attributes: Dict[str, str]
    # The event's own target URL; null if the event goes to endpoints
    target: Optional[AcceptedItemTarget]
    deliveryCount: int


class Erasure(TypedDict):
    id: str
    project: str
    kind: Literal["event", "consumer", "project"]
    # The id of the event, the consumer or the project
    subject: str
    status: Literal["running", "completed"]
    # `attempts`: attempts are under way and end first. `temporal`: Temporal does not respond, and its workflows are deleted when it does
    waitingFor: Optional[Literal["attempts", "temporal"]]
    eventsErased: int
    # Workflows that Temporal no longer has
    workflowsDeleted: int
    createdAt: str
    completedAt: Optional[str]


class DeliveryDetailsWorkflow(TypedDict):
    # null while the delivery waits to be assigned, and during and after a first attempt that needed no workflow
    id: Optional[str]
    # Link to the workflow in the Temporal Web UI; null if Temporal no longer keeps it or did not respond in time, or if no workflow was needed
    url: Optional[str]


class DeliveryDetailsPolicy(TypedDict):
    """The retry policy under which it is sent"""

    # Seconds before each retry
    delays: List[int]
    # Seconds that an attempt may take
    timeout: int
    jitter: float
    # Responses that end it at once
    finalStatuses: List[str]


class DeliveryDetailsPlannedAttempts(TypedDict):
    step: int
    at: str


class DeliveryDetailsProfile(TypedDict):
    """The profile under which its event was accepted"""

    name: str
    version: int


class DeliveryDetails(TypedDict):
    id: str
    event: str
    # The event's sequence
    sequence: int
    # null if the delivery goes to the event's own target
    endpoint: Optional[str]
    status: Literal["pending", "retrying", "held", "delivered", "undeliverable", "cancelled"]
    # Number of attempts made
    attempts: int
    nextAttemptAt: Optional[str]
    lastOutcome: Optional[Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]]
    # Why the delivery ended without being delivered: `exhausted`, `gone`, `final_status`, `expired`, `cancelled`, `endpoint_deleted`, `erased`
    reason: Optional[str]
    # What the delivery waits for; null while an attempt is under way, and once it is settled
    waitingFor: Optional[Literal[
        "schedule",
        "retry_after",
        "cooldown",
        "rate",
        "order",
        "endpoint_paused",
        "endpoint_disabled",
        "plan",
        "engine",
    ]]
    # When that ends; null if it is not known
    waitingUntil: Optional[str]
    # The delivery that this one replays
    replayOf: Optional[str]
    # The newest delivery that replays this one
    replayedBy: Optional[str]
    # The recovery that made it
    recovery: Optional[str]
    createdAt: str
    settledAt: Optional[str]
    consumer: Optional[str]
    eventType: str
    test: bool
    lastStatusCode: Optional[int]
    # The code of the error of the last attempt, such as `ECONNREFUSED`
    lastErrorCode: Optional[str]
    # Whether it is to be cancelled, and a POST in flight decides
    cancelRequested: bool
    # When it was dismissed: nobody will fix it, and it needs no attention
    dismissedAt: Optional[str]
    workflow: DeliveryDetailsWorkflow
    # The retry policy under which it is sent
    policy: DeliveryDetailsPolicy
    # When its event expires
    expiresAt: Optional[str]
    # The attempts that are left and the earliest time of each, if all before it fail. Empty while the delivery is held, and once it is final
    plannedAttempts: List[DeliveryDetailsPlannedAttempts]
    # The profile under which its event was accepted
    profile: DeliveryDetailsProfile


class AttemptRequest(TypedDict):
    url: str
    # null if they are not stored, or have been removed by the `payloadRetention` of the project
    headers: Optional[Dict[str, Any]]


class _RequiredAttemptResponse(TypedDict):
    # null if they are not stored, or have been removed by the `payloadRetention` of the project
    headers: Optional[Dict[str, Any]]
    # At most 16 KiB. Bytes that are not valid UTF-8 are shown as U+FFFD
    body: Optional[str]
    truncated: bool


class AttemptResponse(_RequiredAttemptResponse, total=False):
    # The size of the body, instead of the body: in a session of the portal without `payloads`
    bytes: int


class AttemptError(TypedDict):
    code: str
    message: str


class Attempt(TypedDict):
    number: int
    # Index in the retry policy; 0 is the immediate attempt
    step: int
    startedAt: str
    durationMs: int
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    statusCode: Optional[int]
    request: Optional[AttemptRequest]
    response: Optional[AttemptResponse]
    error: Optional[AttemptError]
    trigger: Literal["schedule", "manual", "rerun"]
    # Whether the request was sent a second time within this attempt because a kept connection had been closed, or because the receiver had refused an access token
    resent: bool


class Failures(TypedDict):
    items: List[FailureGroup]
    # How many deliveries that need attention were looked at: of the consumer, if there is one
    lookedAt: int
    # false if there are more than the newest 50,000, or more than 1,000 groups
    complete: bool


class FailureGroup(TypedDict):
    # null for the own targets of events
    endpoint: Optional[str]
    # Of the last attempt; null if none was made
    outcome: Optional[Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]]
    statusCode: Optional[int]
    # Of the error of the last attempt, such as `ECONNREFUSED`; null if it has none, and for attempts made before codes were kept
    errorCode: Optional[str]
    state: Literal["retrying", "undeliverable"]
    deliveries: int
    events: int
    # When the oldest of the deliveries was created
    firstAt: str
    # When the newest of the deliveries was created
    lastAt: str
    # The next attempt of any of them
    nextAttemptAt: Optional[str]
    # The newest of the deliveries
    sample: str


class Dismissal(TypedDict):
    # How many deliveries were dismissed
    dismissed: int
    # false if more may fit: make the same call again
    complete: bool


class RecoveryPreview(TypedDict):
    matches: int
    # Whether there may be more: no more than 20,000 were looked at, for at most 1.5 seconds
    capped: bool
    oldestAt: Optional[str]
    newestAt: Optional[str]
    # How many endpoints they go to
    endpoints: int


class RecoveryFilter(TypedDict):
    endpoint: Optional[str]
    consumer: Optional[str]
    type: Optional[str]
    outcome: Optional[Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]]
    statusCode: Optional[int]
    errorCode: Optional[str]
    since: Optional[str]
    until: Optional[str]
    # How many deliveries were listed
    deliveries: Optional[int]
    what: Literal["failed", "missing"]


class Recovery(TypedDict):
    id: str
    status: Literal["running", "paused", "done", "cancelled"]
    # null while they are being counted
    total: Optional[int]
    startedAt: str
    endedAt: Optional[str]
    # The id of the key, or `admin`
    startedBy: str
    filter: RecoveryFilter
    # New deliveries so far
    done: int
    # Not sent: somebody else has sent them again meanwhile, or their endpoint is deleted
    skipped: int
    # Of the new deliveries, at most 2 seconds old
    delivered: int
    undeliverable: int
    cancelled: int
    open: int
    # Deliveries a second
    rate: int


class CancellationFilter(TypedDict):
    endpoint: Optional[str]
    consumer: Optional[str]
    type: Optional[str]
    outcome: Optional[Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]]
    statusCode: Optional[int]
    errorCode: Optional[str]
    since: Optional[str]
    until: Optional[str]
    # How many deliveries were listed
    deliveries: Optional[int]


class Cancellation(TypedDict):
    id: str
    status: Literal["running", "paused", "done", "cancelled"]
    # null while they are being counted
    total: Optional[int]
    startedAt: str
    endedAt: Optional[str]
    # The id of the key, or `admin`
    startedBy: str
    filter: CancellationFilter
    # Deliveries cancelled, or to be cancelled by a POST in flight
    done: int
    # Deliveries that settled meanwhile
    skipped: int


class _RequiredCreatedListener(TypedDict):
    # The id of the endpoint that the listener is
    id: str
    label: str
    events: List[str]
    consumer: Optional[str]
    # Whether a client reads its requests now
    connected: bool
    createdAt: str
    # When it is deleted unless a client connects: 24 hours after the end of its last connection, or after its creation
    expiresAt: str


class CreatedListener(_RequiredCreatedListener, total=False):
    # Returned only by the call that created it; omitted if the profile never returns secrets
    secret: str


class Listener(TypedDict):
    # The id of the endpoint that the listener is
    id: str
    label: str
    events: List[str]
    consumer: Optional[str]
    # Whether a client reads its requests now
    connected: bool
    createdAt: str
    # When it is deleted unless a client connects: 24 hours after the end of its last connection, or after its creation
    expiresAt: str


class CreatedEndpointSecrets(TypedDict):
    # null if it is older than this record of it
    createdAt: Optional[str]
    # When it stops signing; null for the newest
    endsAt: Optional[str]


class _RequiredCreatedEndpoint(TypedDict):
    id: str
    # Your own name for the endpoint
    uid: Optional[str]
    url: str
    # `listener`: requests go through a stream to a client (`/v1/listeners`); `url` is then `listener:` and its label
    kind: Literal["url", "listener"]
    events: List[str]
    consumer: Optional[str]
    description: Optional[str]
    # Header names with masked values
    headers: Dict[str, str]
    # What the endpoint sets of the retry policy
    policy: Optional[PolicyOverride]
    policyInForce: PolicyInForce
    filter: Optional[Dict[str, Any]]
    tls: Optional[EndpointTlsSummary]
    oauth: Optional[EndpointOAuthSummary]
    rate: Optional[Rate]
    concurrency: Optional[int]
    # One delivery at a time, in the order of `sequence`. One that fails holds back the others until it is delivered or its last attempt has failed
    ordered: bool
    status: Literal["active", "paused", "disabled"]
    # Whose key disabled the endpoint. Only a project key can enable an endpoint that the project disabled
    disabledBy: Optional[Literal["project", "consumer"]]
    # Why Posthorn disabled the endpoint: it responded 410 (`gone`), or it only failed for a long time (`failing`)
    disabledReason: Optional[Literal["gone", "failing"]]
    # Why its deliveries are held although it is active: the plan of its consumer does not include webhooks (`plan`)
    withheld: Optional[Literal["plan"]]
    health: EndpointHealth
    # Since when the receiver has been responding slowly: few requests to it run at once
    slowSince: Optional[str]
    # What was noticed then: `slow`, or the outcome of an attempt
    slowCause: Optional[str]
    # The times of the secrets in use, newest first; never the secrets
    secrets: List[CreatedEndpointSecrets]
    createdAt: str
    updatedAt: str


class CreatedEndpoint(_RequiredCreatedEndpoint, total=False):
    # Returned only by the call that created it; omitted if the profile never returns secrets
    secret: str


class PolicyInForceSources(TypedDict):
    """What sets each member"""

    delays: Literal["endpoint", "project", "profile"]
    timeout: Literal["endpoint", "project", "profile"]
    jitter: Literal["endpoint", "project", "profile"]
    finalStatuses: Literal["endpoint", "project", "profile"]


class PolicyInForce(TypedDict):
    """The retry policy of new deliveries to the endpoint"""

    # Seconds before each retry
    delays: List[int]
    # Seconds that an attempt may take
    timeout: int
    jitter: float
    finalStatuses: List[str]
    # What sets each member
    sources: PolicyInForceSources


class EndpointTlsSummary(TypedDict):
    """The certificates that connections to the endpoint use. Private keys are never returned"""

    clientCertificate: Optional[CertificateSummary]
    # null: the public authorities and those of the operator are trusted
    authorities: Optional[List[CertificateSummary]]


class CertificateSummary(TypedDict):
    subject: str
    issuer: str
    serialNumber: str
    # SHA-256 of the certificate, in hex with colons
    fingerprint256: str
    validFrom: str
    validTo: str


class EndpointOAuthSummary(TypedDict):
    """The client credentials of the endpoint. Their secret is never returned"""

    tokenUrl: str
    clientId: str
    scopes: List[str]
    audience: Optional[str]
    # How the client proves who it is: `basic` sends id and secret in the header `Authorization`, `body` as `client_id` and `client_secret` in the body
    clientAuthentication: Literal["basic", "body"]


class EndpointHealth(TypedDict):
    """How the endpoint has responded lately"""

    # `failing`: the last attempt failed. `cooling_down`: it has failed so often that only probes are sent
    status: Literal["healthy", "failing", "cooling_down"]
    failuresInARow: int
    firstFailureAt: Optional[str]
    lastFailureAt: Optional[str]
    # The earliest time of the next probe of a cool-down
    nextProbeAt: Optional[str]
    # Nothing is sent before, because the receiver asked for it
    retryAfter: Optional[str]
    # Milliseconds between two requests, because the receiver responded 429
    spacingMs: Optional[int]
    # Since when the receiver has been responding slowly
    slowSince: Optional[str]


class EndpointSecrets(TypedDict):
    # null if it is older than this record of it
    createdAt: Optional[str]
    # When it stops signing; null for the newest
    endsAt: Optional[str]


class Endpoint(TypedDict):
    id: str
    # Your own name for the endpoint
    uid: Optional[str]
    url: str
    # `listener`: requests go through a stream to a client (`/v1/listeners`); `url` is then `listener:` and its label
    kind: Literal["url", "listener"]
    events: List[str]
    consumer: Optional[str]
    description: Optional[str]
    # Header names with masked values
    headers: Dict[str, str]
    # What the endpoint sets of the retry policy
    policy: Optional[PolicyOverride]
    policyInForce: PolicyInForce
    filter: Optional[Dict[str, Any]]
    tls: Optional[EndpointTlsSummary]
    oauth: Optional[EndpointOAuthSummary]
    rate: Optional[Rate]
    concurrency: Optional[int]
    # One delivery at a time, in the order of `sequence`. One that fails holds back the others until it is delivered or its last attempt has failed
    ordered: bool
    status: Literal["active", "paused", "disabled"]
    # Whose key disabled the endpoint. Only a project key can enable an endpoint that the project disabled
    disabledBy: Optional[Literal["project", "consumer"]]
    # Why Posthorn disabled the endpoint: it responded 410 (`gone`), or it only failed for a long time (`failing`)
    disabledReason: Optional[Literal["gone", "failing"]]
    # Why its deliveries are held although it is active: the plan of its consumer does not include webhooks (`plan`)
    withheld: Optional[Literal["plan"]]
    health: EndpointHealth
    # Since when the receiver has been responding slowly: few requests to it run at once
    slowSince: Optional[str]
    # What was noticed then: `slow`, or the outcome of an attempt
    slowCause: Optional[str]
    # The times of the secrets in use, newest first; never the secrets
    secrets: List[EndpointSecrets]
    createdAt: str
    updatedAt: str


class EndpointOrder(TypedDict):
    ordered: bool
    # The delivery whose turn it is: the others wait until it has settled. null if none is open
    head: Optional[Delivery]
    # Open deliveries behind it; not counted further than 1,000
    behind: int


class FilterPreviewItems(TypedDict):
    id: str
    type: str
    createdAt: str
    # `too_costly` events are sent, like those that match
    result: Literal["match", "mismatch", "too_costly"]


class FilterPreview(TypedDict):
    items: List[FilterPreviewItems]
    matches: int


class _RequiredCreatedWebhook(TypedDict):
    id: str
    url: str
    events: List[str]
    status: Literal["active", "paused", "disabled"]
    createdAt: str


class CreatedWebhook(_RequiredCreatedWebhook, total=False):
    # Returned only by the call that created it; omitted if the profile never returns secrets
    secret: str


class Webhook(TypedDict):
    id: str
    url: str
    events: List[str]
    status: Literal["active", "paused", "disabled"]
    createdAt: str


class Consumer(TypedDict):
    id: str
    name: Optional[str]
    plan: Optional[str]
    createdAt: str


class CreatedKey(TypedDict):
    id: str
    # Returned only once
    key: str


class ApiKey(TypedDict):
    id: str
    consumer: Optional[str]
    access: Literal["full", "read"]
    name: Optional[str]
    # Recorded at most every five minutes; null: never used
    lastUsedAt: Optional[str]
    createdAt: str


class _RequiredEventType(TypedDict):
    type: str
    description: str
    # Where the event type is defined
    source: Literal["profile", "project"]
    # JSON Schema (2020-12) of the data; null if any data is allowed
    schema: Any
    # The data of an example event; null if there is none
    example: Any
    exampleAttributes: Dict[str, str]


class EventType(_RequiredEventType, total=False):
    # With `figures=endpoints`: how many endpoints subscribe to it, among at most 10,000
    endpoints: int


class ChangedEventType(TypedDict):
    type: str
    description: str
    # Where the event type is defined
    source: Literal["profile", "project"]
    # JSON Schema (2020-12) of the data; null if any data is allowed
    schema: Any
    # The data of an example event; null if there is none
    example: Any
    exampleAttributes: Dict[str, str]
    # Subscriptions of endpoints that match no type in the catalogue, and the consequences
    warnings: List[str]


class Preview(TypedDict):
    profile: str
    version: int
    id: str
    type: str
    consumer: Optional[str]
    attributes: Dict[str, str]
    createdAt: str
    # When the request was signed
    sentAt: str
    # Generated for this preview and used for nothing else
    secret: str
    # The headers of the profile. The connection and the endpoint add their own
    headers: Dict[str, str]
    # The exact body, as UTF-8
    body: str


class ListedProjectFiguresHourly(TypedDict):
    """Of each of the 24 hours, the oldest first"""

    attempts: List[int]
    failed: List[int]


class ListedProjectFigures(TypedDict):
    """With `figures=24h`: of the hours that began in the last 24 hours"""

    # Accepted events
    accepted: int
    attempts: int
    # Failed attempts: those without a 2xx response
    failed: int
    # Deliveries that became undeliverable
    undeliverable: int
    # Deliveries that are open now
    open: int
    # When the oldest of them was created
    oldestOpenAt: Optional[str]
    # Whether any delivery is `retrying`, or `undeliverable` and neither replayed nor dismissed
    attention: bool
    # Of each of the 24 hours, the oldest first
    hourly: ListedProjectFiguresHourly


class _RequiredListedProject(TypedDict):
    id: str
    name: str
    profile: str
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether events whose data violates the schema of their type are refused
    schemas: Literal["enforced", "off"]
    failures: FailureRules
    portal: Optional[PortalSettings]
    # When payloads of settled events are removed; null: with their events
    payloadRetention: Optional[str]
    createdAt: str


class ListedProject(_RequiredListedProject, total=False):
    # With `figures=24h`: of the hours that began in the last 24 hours
    figures: ListedProjectFigures


class FailureRules(TypedDict):
    """What happens to a receiver that only fails. Times since the first failure; `0` is off"""

    # How long a receiver has to fail, and at least 20 times, until it is sent only probes. 0: never
    coolDownAfter: Union[Literal["0"], str]
    # The time to the first probe. It doubles with each probe that fails, up to 5 minutes. 0: no cool-down
    probeEvery: Union[Literal["0"], str]
    # When an endpoint that only fails is first reported. 0: never
    warnAfter: Union[Literal["0"], str]
    # When it is reported once more. 0: never
    warnAgainAfter: Union[Literal["0"], str]
    # When it is disabled. 0: never
    disableAfter: Union[Literal["0"], str]


class CreatedProject(TypedDict):
    id: str
    name: str
    profile: str
    # A project key, returned only once
    key: str


class Project(TypedDict):
    id: str
    name: str
    profile: str
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether events whose data violates the schema of their type are refused
    schemas: Literal["enforced", "off"]
    failures: FailureRules
    portal: Optional[PortalSettings]
    # When payloads of settled events are removed; null: with their events
    payloadRetention: Optional[str]
    createdAt: str


class ChangedProject(TypedDict):
    id: str
    name: str
    profile: str
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether events whose data violates the schema of their type are refused
    schemas: Literal["enforced", "off"]
    failures: FailureRules
    portal: Optional[PortalSettings]
    # When payloads of settled events are removed; null: with their events
    payloadRetention: Optional[str]
    createdAt: str
    # Subscriptions of endpoints that match no type in the catalogue, and the consequences
    warnings: List[str]


class ListedProfile(TypedDict):
    name: str
    version: int
    # Whether the profile ships with Posthorn, is shared by all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    title: str
    # The event types in its catalogue
    eventTypes: List[str]


class StoredProfile(TypedDict):
    name: str
    version: int
    # Whether the profile ships with Posthorn, is shared by all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    profile: Profile


class ChangedProfile(TypedDict):
    name: str
    version: int
    # Whether the profile ships with Posthorn, is shared by all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    # Subscriptions of endpoints that match no type in the catalogue, and the consequences
    warnings: List[str]
    profile: Profile


class SigningSignature(TypedDict):
    algorithm: Literal["hmac-sha256", "hmac-sha512"]
    content: Literal["$body", "$sentAt.$body", "$id.$sentAt.$body"]
    encoding: Literal["hex", "base64"]
    # One signature in the header
    format: str
    # `all`: one signature for each secret, separated by spaces. `newest`: only one
    whileRotating: Literal["all", "newest"]


class SigningSecret(TypedDict):
    """The rules for secrets"""

    # How the key is read from the text
    key: Literal["utf8", "base64AfterPrefix"]
    prefix: str
    min: int
    max: int
    # Who chooses the secret of an endpoint: Posthorn, either side, or the caller
    source: Literal["generated", "either", "provided"]
    returned: Literal["once", "never"]


class Signing(TypedDict):
    """What a receiver needs to verify requests, besides its secret. The SDKs take it as `profile`"""

    profile: str
    version: int
    # The headers that verification needs: templates with `$signature`, `$id` or `$sentAt`
    headers: Dict[str, str]
    signature: SigningSignature
    # The rules for secrets
    secret: SigningSecret


class CreatedOperationalEndpointSecrets(TypedDict):
    # null if it is older than this record of it
    createdAt: Optional[str]
    # When it stops signing; null for the newest
    endsAt: Optional[str]


class _RequiredCreatedOperationalEndpoint(TypedDict):
    id: str
    # Your own name for the endpoint
    uid: Optional[str]
    url: str
    types: List[str]
    # `disabled`: it responded 410, or has failed for days
    status: Literal["active", "paused", "disabled"]
    # The times of the secrets in use, newest first; never the secrets
    secrets: List[CreatedOperationalEndpointSecrets]
    createdAt: str
    updatedAt: str


class CreatedOperationalEndpoint(_RequiredCreatedOperationalEndpoint, total=False):
    # Returned only by the call that created it
    secret: str


class OperationalEndpointSecrets(TypedDict):
    # null if it is older than this record of it
    createdAt: Optional[str]
    # When it stops signing; null for the newest
    endsAt: Optional[str]


class OperationalEndpoint(TypedDict):
    id: str
    # Your own name for the endpoint
    uid: Optional[str]
    url: str
    types: List[str]
    # `disabled`: it responded 410, or has failed for days
    status: Literal["active", "paused", "disabled"]
    # The times of the secrets in use, newest first; never the secrets
    secrets: List[OperationalEndpointSecrets]
    createdAt: str
    updatedAt: str


class AuditEntryActor(TypedDict):
    # The kind of the key or session
    kind: Literal["admin", "project", "consumer"]
    # The id of the key, or of the key that the session came from; null for the admin key, and for a session of the portal
    key: Optional[str]
    # The id of the session; null for a call with a key
    session: Optional[str]
    # The consumer of a consumer key or of a session of the portal
    consumer: Optional[str]


class AuditEntrySubject(TypedDict):
    type: str
    # Its id or name; null if the call created nothing
    id: Optional[str]


class AuditEntry(TypedDict):
    id: str
    at: str
    # null if the call concerned no single project
    project: Optional[str]
    actor: AuditEntryActor
    # The operation id of the call in this document
    action: str
    subject: AuditEntrySubject
    # The names of the members and parameters that were sent, without their values
    fields: List[str]
    requestId: str
    # The status of the response. null, and 5xx: the change may or may not have been made
    status: Optional[int]


class SessionProject(TypedDict):
    id: str
    name: str
    profile: str


class SessionConsumer(TypedDict):
    id: str
    name: Optional[str]


class Session(TypedDict):
    kind: Literal["admin", "project", "consumer"]
    # null for the admin key without the header `Posthorn-Project`
    project: Optional[SessionProject]
    consumer: Optional[SessionConsumer]
    # `read`: only GET and HEAD are allowed
    access: Literal["full", "read"]
    # What may be done in the portal; all of it, except in a session of a link that leaves some out
    capabilities: List[Literal["view", "payloads", "endpoints", "secrets", "test", "retry"]]
    # When the session ends if it is not used before then; null for a key, which does not expire
    expiresAt: Optional[str]
    # Changes when pages of another version are served
    build: str
    temporalUiUrl: Optional[str]
    # The URL of the sample receiver of `npm start`; null where there is none. It verifies requests of the profile `standard-webhooks`
    sampleReceiverUrl: Optional[str]
    # The look of the portal; null for an operator
    theme: Optional[PortalTheme]
    # Where the portal leads back to
    returnUrl: Optional[str]
    # Where the portal gets a new link
    refreshUrl: Optional[str]
    # Those with whose pages the portal exchanges messages
    origins: List[str]


class PortalTheme(TypedDict):
    # The name of the product
    name: Optional[str]
    logoUrl: Optional[str]
    accent: Optional[str]
    mode: Literal["light", "dark", "auto"]
    # The radius of corners in pixels
    radius: Optional[int]
    # Whether the portal does not mention Posthorn
    hideBranding: bool


class SignInCode(TypedDict):
    # Signs in once. The code is in the fragment, so it is in no log
    url: str
    expiresAt: str


class PortalLink(TypedDict):
    id: str
    # Opens the portal once. The code is in the fragment, so it is in no log; returned only once
    url: str
    expiresAt: str
    # How long the session lasts, from when the link is opened
    sessionSeconds: int
    # The session ends earlier if it is not used for so long
    sessionIdleSeconds: int


class ConsumerSession(TypedDict):
    id: str
    # The link that it began with. Revoking it ends the session
    link: str
    capabilities: List[Literal["view", "payloads", "endpoints", "secrets", "test", "retry"]]
    createdAt: str
    # Recorded at most every five minutes
    lastUsedAt: str
    # When the session ends if it is not used before then
    expiresAt: str


class PortalSessionProject(TypedDict):
    id: str
    name: str
    profile: str


class PortalSessionConsumer(TypedDict):
    id: str
    name: Optional[str]


class PortalSession(TypedDict):
    # The bearer token of the session, returned only once
    token: str
    kind: Literal["admin", "project", "consumer"]
    # null for the admin key without the header `Posthorn-Project`
    project: Optional[PortalSessionProject]
    consumer: Optional[PortalSessionConsumer]
    # `read`: only GET and HEAD are allowed
    access: Literal["full", "read"]
    # What may be done in the portal; all of it, except in a session of a link that leaves some out
    capabilities: List[Literal["view", "payloads", "endpoints", "secrets", "test", "retry"]]
    # When the session ends if it is not used before then; null for a key, which does not expire
    expiresAt: Optional[str]
    # Changes when pages of another version are served
    build: str
    temporalUiUrl: Optional[str]
    # The URL of the sample receiver of `npm start`; null where there is none. It verifies requests of the profile `standard-webhooks`
    sampleReceiverUrl: Optional[str]
    # The look of the portal; null for an operator
    theme: Optional[PortalTheme]
    # Where the portal leads back to
    returnUrl: Optional[str]
    # Where the portal gets a new link
    refreshUrl: Optional[str]
    # Those with whose pages the portal exchanges messages
    origins: List[str]


class TimelineDeliveries(TypedDict):
    """Deliveries that reached a final status"""

    delivered: List[int]
    undeliverable: List[int]
    cancelled: List[int]


class TimelineAttemptMs(TypedDict):
    """Response time, in milliseconds: how long one attempt took. An estimate; null: nothing timed"""

    p50: List[Optional[int]]
    p95: List[Optional[int]]
    p99: List[Optional[int]]


class TimelineLatencyMs(TypedDict):
    """Latency, in milliseconds: from acceptance to delivery, retries included. An estimate; null: nothing delivered"""

    p50: List[Optional[int]]
    p95: List[Optional[int]]
    p99: List[Optional[int]]


_KeywordsTimeline = TypedDict("_KeywordsTimeline", {"from": str})


class Timeline(_KeywordsTimeline):
    """Each array has one value for each point"""

    # The end of the last point
    to: str
    # Longer than asked if nothing finer is kept from `from` on
    step: Literal["1m", "5m", "15m", "1h", "6h", "1d"]
    # Points that end later are partial: more may be counted
    settledUntil: str
    # Nothing was counted before
    beginsAt: str
    # The start of each point, in UTC
    at: List[str]
    # Accepted events; null if `endpoint` is given
    accepted: Optional[List[int]]
    # Attempts by outcome, without those that never occurred
    attempts: Dict[str, List[int]]
    # Deliveries that reached a final status
    deliveries: TimelineDeliveries
    # Response time, in milliseconds: how long one attempt took. An estimate; null: nothing timed
    attemptMs: TimelineAttemptMs
    # null if `endpoint` is given
    latencyMs: Optional[TimelineLatencyMs]


_KeywordsEndpointStatistics = TypedDict("_KeywordsEndpointStatistics", {"from": str})


class EndpointStatistics(_KeywordsEndpointStatistics):
    # The end of the last point
    to: str
    # Longer than asked if nothing finer is kept from `from` on
    step: Literal["1m", "5m", "15m", "1h", "6h", "1d"]
    # Points that end later are partial: more may be counted
    settledUntil: str
    # The start of each point, in UTC
    at: List[str]
    items: List[EndpointFigures]


class EndpointFiguresTotals(TypedDict):
    attempts: int
    failed: int
    # Deliveries that became undeliverable
    undeliverable: int
    # Response time; an estimate
    p50Ms: Optional[int]
    p95Ms: Optional[int]


class EndpointFigures(TypedDict):
    endpoint: str
    attempts: List[int]
    # Failed attempts: those without a 2xx response
    failed: List[int]
    totals: EndpointFiguresTotals
    lastDeliveredAt: Optional[str]
    # The last failed attempt
    lastFailedAt: Optional[str]


_KeywordsEventTypeStatistics = TypedDict("_KeywordsEventTypeStatistics", {"from": str})


class EventTypeStatistics(_KeywordsEventTypeStatistics):
    # The end of the last point
    to: str
    # Points that end later are partial: more may be counted
    settledUntil: str
    items: List[AcceptedOfType]
    # Accepted events of types that are not listed
    others: int


class AcceptedOfType(TypedDict):
    type: str
    accepted: int


class Backlog(TypedDict):
    # When the deliveries were counted; null before the first count
    measuredAt: Optional[str]
    pending: int
    retrying: int
    held: int
    # When the oldest open delivery was created
    oldestOpenAt: Optional[str]
    # Age of the oldest due delivery without an attempt that waits for a worker, and not for its receiver; null if there is none
    oldestUnattemptedSeconds: Optional[float]
    # Deliveries by when they are due: the next two hours in steps of five minutes
    due: List[DueDeliveries]
    # The 20 endpoints with the most open deliveries
    endpoints: List[EndpointBacklog]


class DueDeliveries(TypedDict):
    at: str
    deliveries: int


class EndpointBacklog(TypedDict):
    endpoint: str
    pending: int
    retrying: int
    held: int
    oldestOpenAt: str


class _RequiredReadinessComponents(TypedDict):
    ok: bool


class ReadinessComponents(_RequiredReadinessComponents, total=False):
    detail: str


class Readiness(TypedDict):
    ready: bool
    components: Dict[str, ReadinessComponents]


class PostEventQuery(TypedDict, total=False):
    # How long to wait for every delivery to settle, which returns 200
    wait: str


class ListEventsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    type: str
    # One or more, separated by commas: pending, delivered, undeliverable, cancelled, unrouted
    status: str
    consumer: str
    endpoint: str
    # Only events created at or after this time
    since: str
    # Only events created before this time
    until: str
    test: Literal["true", "false"]
    # Only events whose request body contains this text, byte for byte. Makes the call a search, which needs `since`
    contains: str
    # Only events with a delivery whose last attempt had this outcome; with `endpoint`, the delivery to it. Makes the call a search
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    # The same for the status code; with `outcome`, of the same attempt
    statusCode: int
    # With `summary`: sizes and counts instead of data, bodies and deliveries
    fields: Literal["summary"]


class ListDeliveriesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # One or more, separated by commas: pending, retrying, held, delivered, undeliverable, cancelled
    status: str
    # With `true`: only deliveries that are `retrying`, or `undeliverable` with neither `replayedBy` nor `dismissedAt`; none of test events
    attention: Literal["true", "false"]
    endpoint: str
    event: str
    consumer: str
    # Only deliveries created at or after this time
    since: str
    # Only deliveries created before this time
    until: str
    # The type of the event. Makes the call a search
    type: str
    # The outcome of the last attempt. Makes the call a search
    outcome: Literal[
        "delivered",
        "rejected",
        "timeout",
        "connection_failed",
        "dns_failed",
        "tls_failed",
        "invalid_response",
        "token_failed",
        "blocked",
        "unknown",
    ]
    # The status code of the last attempt. Makes the call a search
    statusCode: int
    # The code of the error of the last attempt, such as `ECONNREFUSED`. Makes the call a search
    errorCode: str
    # Only events whose request body contains this text, byte for byte. Makes the call a search, which needs `since`
    contains: str


class ListAttemptsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class ListFailuresQuery(TypedDict, total=False):
    # Only deliveries created at or after this time
    since: str
    # Only deliveries created before this time
    until: str
    endpoint: str
    consumer: str
    state: Literal["retrying", "undeliverable"]


class ListRecoveriesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class ListCancellationsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class StreamOutcomesQuery(TypedDict, total=False):
    # Only outcomes of these endpoints, at most 50, separated by commas
    endpoint: str
    # Only outcomes of these consumers, at most 50, separated by commas
    consumer: str
    # One or more, separated by commas: attempt.failed, delivery.delivered, delivery.undeliverable, delivery.cancelled, event.settled
    kind: str


class ListListenersQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class ListEndpointsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    consumer: str
    # One or more, separated by commas: active, paused, disabled
    status: str
    # Part of the URL or of the description, whatever the case. Makes the call a search
    q: str


class TestEndpointQuery(TypedDict, total=False):
    # How long to wait for every delivery to settle, which returns 200
    wait: str


class ListWebhooksQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class DeleteConsumerQuery(TypedDict, total=False):
    # Also erases its events with their deliveries, attempts and outcomes
    erase: Literal["true", "false"]


class ListConsumersQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # Part of the id or of the name, whatever the case. Makes the call a search
    q: str


class ListKeysQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # Only keys of this consumer
    consumer: str


class ListEventTypesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # Adds `endpoints`: how many endpoints subscribe to each type
    figures: Literal["endpoints"]


class GetEventTypeQuery(TypedDict, total=False):
    # Adds `endpoints`: how many endpoints subscribe to each type
    figures: Literal["endpoints"]


class ListProjectsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # Adds `figures` to each project
    figures: Literal["24h"]


class ListProfilesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class GetProfileQuery(TypedDict, total=False):
    # Default: the newest version
    version: int


class PreviewProfileQuery(TypedDict, total=False):
    # Default: the newest version
    version: int


class ListOperationalEndpointsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class ListOperationalDeliveriesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # One or more, separated by commas: pending, retrying, held, delivered, undeliverable, cancelled
    status: str


class ListAuditEntriesQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str
    # Only calls with this key or session: its id, or `admin`
    actor: str
    # Only calls of this operation
    action: str
    # Only calls that act on what has this id or name
    subject: str
    # Only calls at or after this time
    since: str
    # Only calls before this time
    until: str


class ListConsumerSessionsQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


class ListErasuresQuery(TypedDict, total=False):
    # Items per page, at most 200
    limit: int
    # `nextCursor` of the previous page
    cursor: str


_KeywordsGetTimelineQuery = TypedDict("_KeywordsGetTimelineQuery", {"from": str}, total=False)


class GetTimelineQuery(_KeywordsGetTimelineQuery, total=False):
    # Now, if it is left out; at most 400 days after `from`
    to: str
    # The finest with at most 180 points, if it is left out; at most 400 points
    step: Literal["1m", "5m", "15m", "1h", "6h", "1d"]
    endpoint: str
    consumer: str


_KeywordsGetEndpointStatisticsQuery = TypedDict("_KeywordsGetEndpointStatisticsQuery", {"from": str}, total=False)


class _RequiredGetEndpointStatisticsQuery(_KeywordsGetEndpointStatisticsQuery):
    # The ids of up to 50 endpoints, separated by commas
    ids: str


class GetEndpointStatisticsQuery(_RequiredGetEndpointStatisticsQuery, total=False):
    # Now, if it is left out; at most 400 days after `from`
    to: str
    # The finest with at most 180 points, if it is left out; at most 400 points
    step: Literal["1m", "5m", "15m", "1h", "6h", "1d"]


_KeywordsGetEventTypeStatisticsQuery = TypedDict("_KeywordsGetEventTypeStatisticsQuery", {"from": str}, total=False)


class GetEventTypeStatisticsQuery(_KeywordsGetEventTypeStatisticsQuery, total=False):
    # Now, if it is left out; at most 400 days after `from`
    to: str
    consumer: str
