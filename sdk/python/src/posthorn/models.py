"""Generated from the OpenAPI document by sdk/models/write-models.ts. To change it, change the API and run the script.

Keys have the names of the JSON members. Responses may contain more keys, because the API may grow.
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

__all__ = [
    "AcceptedEvent",
    "AcceptedEvents",
    "AcceptedItem",
    "ApiKey",
    "Attempt",
    "ChangedEventType",
    "ChangedProfile",
    "ChangedProject",
    "Consumer",
    "ConsumerSettings",
    "CreatedEndpoint",
    "CreatedKey",
    "CreatedProject",
    "CreatedWebhook",
    "Delivery",
    "Endpoint",
    "EndpointChanges",
    "Event",
    "EventType",
    "EventTypeSettings",
    "GetProfileQuery",
    "ListAttemptsQuery",
    "ListConsumersQuery",
    "ListDeliveriesQuery",
    "ListEndpointsQuery",
    "ListEventTypesQuery",
    "ListEventsQuery",
    "ListKeysQuery",
    "ListProfilesQuery",
    "ListWebhooksQuery",
    "ListedProfile",
    "NewEndpoint",
    "NewEvent",
    "NewEvents",
    "NewKey",
    "NewPreview",
    "NewProject",
    "NewTestEvent",
    "NewWebhook",
    "PolicyOverride",
    "PostEventQuery",
    "Preview",
    "PreviewProfileQuery",
    "Problem",
    "Profile",
    "Project",
    "ProjectChanges",
    "Readiness",
    "SecretRotation",
    "StoredProfile",
    "TestEndpointQuery",
    "Webhook",
]


class NewEventTarget(TypedDict):
    """Delivers to this URL alone, instead of to endpoints"""

    url: str
    # Signs what is sent there
    secret: str


class _RequiredNewEvent(TypedDict):
    type: str
    # Any JSON; receivers get it byte for byte
    data: Any


class NewEvent(_RequiredNewEvent, total=False):
    # Makes the post repeatable; `evt_…` when left out
    id: str
    # Goes to this consumer's endpoints alone
    consumer: str
    attributes: Dict[str, str]
    # Delivers to this URL alone, instead of to endpoints
    target: NewEventTarget


class NewEvents(TypedDict):
    events: List[NewEvent]


class _RequiredNewEndpoint(TypedDict):
    url: str


class NewEndpoint(_RequiredNewEndpoint, total=False):
    # Types to receive: exact, `prefix.*`, or `*`
    events: List[str]
    # Made by Posthorn when left out. Some profiles require it, some refuse it
    secret: str
    consumer: str
    description: str
    # Sent with every delivery, at most 20
    headers: Dict[str, str]


class EndpointChanges(TypedDict, total=False):
    url: str
    # Types to receive: exact, `prefix.*`, or `*`
    events: List[str]
    description: Optional[str]
    # All of them; null removes them
    headers: Optional[Dict[str, str]]


class SecretRotation(TypedDict, total=False):
    # As for a new endpoint
    secret: str
    # How long replaced secrets sign as well; 24h when left out
    overlap: str


class NewTestEvent(TypedDict, total=False):
    # The first of the catalogue when left out
    type: str


class _RequiredNewWebhook(TypedDict):
    url: str
    # Types to receive: exact, `prefix.*`, or `*`
    events: List[str]


class NewWebhook(_RequiredNewWebhook, total=False):
    # Made by Posthorn when left out. Some profiles require it, some refuse it
    secret: str


class ConsumerSettings(TypedDict, total=False):
    """What is left out is cleared"""

    name: str
    plan: str


class NewKey(TypedDict, total=False):
    # Makes a key of this consumer alone
    consumer: str


class _RequiredEventTypeSettings(TypedDict):
    description: str


class EventTypeSettings(_RequiredEventTypeSettings, total=False):
    # JSON Schema (2020-12) of the data, at most 32 KiB; null: none, whatever the profile has. Left out: the profile's
    schema: Any
    # The data of an example event. Left out: the profile's
    example: Any
    # The attributes of the example event. Left out: the profile's
    exampleAttributes: Dict[str, str]


class _RequiredNewProject(TypedDict):
    name: str


class NewProject(_RequiredNewProject, total=False):
    # The wire format
    profile: str


class ProjectChanges(TypedDict, total=False):
    name: str
    # The wire format
    profile: str
    # null: as the profile says
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether data that does not fit the schema of its type is refused
    schemas: Literal["enforced", "off"]


class PolicyOverride(TypedDict, total=False):
    """What differs from the policy of the profile"""

    # Waits between attempts
    delays: List[str]
    # A duration: 1 to 60 seconds
    timeout: str
    # At most this share of a delay is added
    jitter: float


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


class ProfilePolicy(TypedDict):
    delays: List[str]
    jitter: float


class ProfileUrls(TypedDict):
    httpsOnly: bool
    publicOnly: bool


class _RequiredProfileEventTypes(TypedDict):
    name: str
    description: str
    example: Any


class ProfileEventTypes(_RequiredProfileEventTypes, total=False):
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
    """A wire format and its rules, as data; docs/profiles.md says what each field does"""

    plans: List[str]
    eventTypes: List[ProfileEventTypes]


class _RequiredNewPreview(TypedDict):
    type: str


class NewPreview(_RequiredNewPreview, total=False):
    # Any JSON; the example of the type when left out
    data: Any
    attributes: Dict[str, str]
    consumer: str
    id: str
    # When the event was accepted; now when left out
    createdAt: str
    # As a test event
    test: bool


class EventTarget(TypedDict):
    url: str


class Event(TypedDict):
    id: str
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    attributes: Dict[str, str]
    # The URL of its own, as it is sent to; null: it goes to endpoints
    target: Optional[EventTarget]
    # Any JSON; receivers get it byte for byte
    data: Any
    # As receivers get it
    body: str
    deliveryCount: int
    # The first 100
    deliveries: List[Delivery]


class DeliveryWorkflow(TypedDict):
    id: Optional[str]
    # Its page in the Temporal Web UI; null when Temporal does not keep it, or did not say in time
    url: Optional[str]


class Delivery(TypedDict):
    id: str
    event: str
    # null: the event's own target
    endpoint: Optional[str]
    status: Literal["pending", "retrying", "held", "delivered", "undeliverable", "cancelled"]
    # How many were made
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
        "blocked",
        "unknown",
    ]]
    # Why it became final without being delivered
    reason: Optional[str]
    # What a held delivery waits for
    waitingFor: Optional[str]
    # The delivery that this one repeats
    replayOf: Optional[str]
    workflow: DeliveryWorkflow


class AcceptedEventTarget(TypedDict):
    url: str


class _RequiredAcceptedEvent(TypedDict):
    id: str
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    attributes: Dict[str, str]
    # The URL of its own, as it is sent to; null: it goes to endpoints
    target: Optional[AcceptedEventTarget]
    # Any JSON; receivers get it byte for byte
    data: Any
    # As receivers get it
    body: str
    deliveryCount: int


class AcceptedEvent(_RequiredAcceptedEvent, total=False):
    """The event as it was stored; `GET /v1/events/{id}` always has its deliveries"""

    # The first 100
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
        "invalid_request",
        "project_required",
        "unauthorized",
        "forbidden",
        "plan_required",
        "not_found",
        "method_not_allowed",
        "request_timeout",
        "id_conflict",
        "profile_name_taken",
        "delivery_held",
        "delivery_final",
        "endpoint_deleted",
        "endpoint_paused",
        "endpoint_blocked",
        "endpoint_disabled",
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


class AcceptedEvents(TypedDict):
    items: List[AcceptedItem]


class AcceptedItemTarget(TypedDict):
    url: str


class AcceptedItem(TypedDict):
    id: str
    type: str
    consumer: Optional[str]
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    test: bool
    createdAt: str
    attributes: Dict[str, str]
    # The URL of its own, as it is sent to; null: it goes to endpoints
    target: Optional[AcceptedItemTarget]
    deliveryCount: int


class AttemptRequest(TypedDict):
    url: str
    headers: Dict[str, Any]


class AttemptResponse(TypedDict):
    headers: Dict[str, Any]
    # At most 16 KiB; what is not UTF-8 shows as U+FFFD
    body: str
    truncated: bool


class AttemptError(TypedDict):
    code: str
    message: str


class Attempt(TypedDict):
    number: int
    # The place in the policy: 0 is the immediate attempt
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
        "blocked",
        "unknown",
    ]
    statusCode: Optional[int]
    request: Optional[AttemptRequest]
    response: Optional[AttemptResponse]
    error: Optional[AttemptError]
    trigger: Literal["schedule", "manual", "rerun"]
    # A stale connection made us send once more within the attempt
    resent: bool


class _RequiredCreatedEndpoint(TypedDict):
    id: str
    url: str
    events: List[str]
    consumer: Optional[str]
    description: Optional[str]
    # The values are masked
    headers: Dict[str, str]
    status: Literal["active", "paused", "disabled"]
    # Whose key disabled it. Only a key of the project enables what the project disabled
    disabledBy: Optional[Literal["project", "consumer"]]
    createdAt: str
    updatedAt: str


class CreatedEndpoint(_RequiredCreatedEndpoint, total=False):
    # Shown this once; left out where the profile does not show it
    secret: str


class Endpoint(TypedDict):
    id: str
    url: str
    events: List[str]
    consumer: Optional[str]
    description: Optional[str]
    # The values are masked
    headers: Dict[str, str]
    status: Literal["active", "paused", "disabled"]
    # Whose key disabled it. Only a key of the project enables what the project disabled
    disabledBy: Optional[Literal["project", "consumer"]]
    createdAt: str
    updatedAt: str


class _RequiredCreatedWebhook(TypedDict):
    id: str
    url: str
    events: List[str]
    status: Literal["active", "paused", "disabled"]
    createdAt: str


class CreatedWebhook(_RequiredCreatedWebhook, total=False):
    # Shown this once; left out where the profile does not show it
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
    # Shown this once
    key: str


class ApiKey(TypedDict):
    id: str
    consumer: Optional[str]
    createdAt: str


class EventType(TypedDict):
    type: str
    description: str
    # Who says so
    source: Literal["profile", "project"]
    # JSON Schema (2020-12) of the data; null: any data
    schema: Any
    # The data of an example event; null: there is none
    example: Any
    exampleAttributes: Dict[str, str]


class ChangedEventType(TypedDict):
    type: str
    description: str
    # Who says so
    source: Literal["profile", "project"]
    # JSON Schema (2020-12) of the data; null: any data
    schema: Any
    # The data of an example event; null: there is none
    example: Any
    exampleAttributes: Dict[str, str]
    # Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means
    warnings: List[str]


class CreatedProject(TypedDict):
    id: str
    name: str
    profile: str
    # An API key of the project; shown this once
    key: str


class Project(TypedDict):
    id: str
    name: str
    profile: str
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether data that does not fit the schema of its type is refused
    schemas: Literal["enforced", "off"]
    callbackUrl: None
    createdAt: str


class ChangedProject(TypedDict):
    id: str
    name: str
    profile: str
    policy: Optional[PolicyOverride]
    plans: Optional[List[str]]
    # Whether data that does not fit the schema of its type is refused
    schemas: Literal["enforced", "off"]
    callbackUrl: None
    createdAt: str
    # Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means
    warnings: List[str]


class ListedProfile(TypedDict):
    name: str
    version: int
    # Comes with Posthorn, is shared with all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    title: str
    # The names in its catalogue
    eventTypes: List[str]


class StoredProfile(TypedDict):
    name: str
    version: int
    # Comes with Posthorn, is shared with all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    profile: Profile


class ChangedProfile(TypedDict):
    name: str
    version: int
    # Comes with Posthorn, is shared with all projects, or is the project's own
    source: Literal["shipped", "shared", "own"]
    # Subscriptions of endpoints that fit no type of the catalogue as it is now, and what that means
    warnings: List[str]
    profile: Profile


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
    # Made for this preview; it signs nothing else
    secret: str
    # Those of the profile; the connection and the endpoint add their own
    headers: Dict[str, str]
    # Byte for byte, as UTF-8
    body: str


class _RequiredReadinessComponents(TypedDict):
    ok: bool


class ReadinessComponents(_RequiredReadinessComponents, total=False):
    detail: str


class Readiness(TypedDict):
    ready: bool
    components: Dict[str, ReadinessComponents]


class PostEventQuery(TypedDict, total=False):
    # Answer 200 as soon as every delivery has settled
    wait: str


class ListEventsQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str
    type: str
    status: Literal["pending", "delivered", "undeliverable", "cancelled", "unrouted"]
    consumer: str
    endpoint: str
    # Not older than this
    since: str
    # Older than this
    until: str


class ListDeliveriesQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str
    status: Literal["pending", "retrying", "held", "delivered", "undeliverable", "cancelled"]
    endpoint: str
    event: str


class ListAttemptsQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class ListEndpointsQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str
    consumer: str


class TestEndpointQuery(TypedDict, total=False):
    # Answer 200 as soon as every delivery has settled
    wait: str


class ListWebhooksQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class ListConsumersQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class ListKeysQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class ListEventTypesQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class ListProfilesQuery(TypedDict, total=False):
    # Items on a page, at most 200
    limit: int
    # `nextCursor` of the page before
    cursor: str


class GetProfileQuery(TypedDict, total=False):
    # The newest when left out
    version: int


class PreviewProfileQuery(TypedDict, total=False):
    # The newest when left out
    version: int
