from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    CreatedOperationalEndpoint,
    Delivery,
    ListOperationalDeliveriesQuery,
    ListOperationalEndpointsQuery,
    NewOperationalEndpoint,
    OperationalEndpoint,
    OperationalEndpointChanges,
    SecretRotation,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class OperationalEndpointPage(TypedDict):
    items: List[OperationalEndpoint]
    nextCursor: Optional[str]


class OperationalDeliveryPage(TypedDict):
    items: List[Delivery]
    nextCursor: Optional[str]


class OperationalEndpoints:
    """Endpoints that are told what happens to the endpoints of the project. Verify their requests as ``standard-webhooks``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, *, idempotency_key: Optional[str] = None, **endpoint: Unpack[NewOperationalEndpoint]
    ) -> CreatedOperationalEndpoint:
        """The response contains the secret. No later response does, except that to the same call with its
        ``idempotency_key``.
        """
        return call(
            self._connection,
            "POST",
            "/v1/operational-endpoints",
            body=endpoint,
            idempotency_key=idempotency_key,
        )

    def get(self, id: str) -> OperationalEndpoint:
        return call(self._connection, "GET", f"/v1/operational-endpoints/{segment(id)}")

    def list(self, **query: Unpack[ListOperationalEndpointsQuery]) -> OperationalEndpointPage:
        return call(self._connection, "GET", "/v1/operational-endpoints", query=query)

    def all(self, **query: Unpack[ListOperationalEndpointsQuery]) -> Iterator[OperationalEndpoint]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/operational-endpoints", query)

    def update(self, id: str, **changes: Unpack[OperationalEndpointChanges]) -> OperationalEndpoint:
        return call(self._connection, "PATCH", f"/v1/operational-endpoints/{segment(id)}", body=changes)

    def rotate_secret(self, id: str, **rotation: Unpack[SecretRotation]) -> CreatedOperationalEndpoint:
        """The response contains the new secret. No later response does."""
        path = f"/v1/operational-endpoints/{segment(id)}/rotate-secret"
        return call(self._connection, "POST", path, body=rotation)

    def deliveries(self, id: str, **query: Unpack[ListOperationalDeliveriesQuery]) -> OperationalDeliveryPage:
        """The deliveries to the endpoint, which are in no other list."""
        path = f"/v1/operational-endpoints/{segment(id)}/deliveries"
        return call(self._connection, "GET", path, query=query)

    def delete(self, id: str) -> None:
        call(self._connection, "DELETE", f"/v1/operational-endpoints/{segment(id)}")
