from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional

from ..call import Connection, call, segment
from ..models import (
    AcceptedEvent,
    CreatedEndpoint,
    Endpoint,
    EndpointChanges,
    EndpointOrder,
    FilterPreview,
    FilterPreviewRequest,
    ListEndpointsQuery,
    NewEndpoint,
    NewTestEvent,
    SecretRotation,
)
from ..pages import SearchedPage, items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EndpointPage(SearchedPage):
    items: List[Endpoint]
    nextCursor: Optional[str]


class Endpoints:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, *, idempotency_key: Optional[str] = None, **endpoint: Unpack[NewEndpoint]
    ) -> CreatedEndpoint:
        """The response contains the secret. No later response does, except that to the same call with its
        ``idempotency_key``.
        """
        return call(
            self._connection, "POST", "/v1/endpoints", body=endpoint, idempotency_key=idempotency_key
        )

    def get(self, id: str) -> Endpoint:
        return call(self._connection, "GET", f"/v1/endpoints/{segment(id)}")

    def list(self, **query: Unpack[ListEndpointsQuery]) -> EndpointPage:
        return call(self._connection, "GET", "/v1/endpoints", query=query)

    def all(self, **query: Unpack[ListEndpointsQuery]) -> Iterator[Endpoint]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/endpoints", query)

    def update(self, id: str, **changes: Unpack[EndpointChanges]) -> Endpoint:
        return call(self._connection, "PATCH", f"/v1/endpoints/{segment(id)}", body=changes)

    def order(self, id: str) -> EndpointOrder:
        """The delivery whose turn it is at an ordered endpoint, and how many wait behind it."""
        return call(self._connection, "GET", f"/v1/endpoints/{segment(id)}/order")

    def pause(self, id: str) -> Endpoint:
        """Deliveries that are due from now on are held."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/pause")

    def resume(self, id: str) -> Endpoint:
        """Ends the pause. Held deliveries are due now."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/resume")

    def disable(self, id: str) -> Endpoint:
        """Holds deliveries like ``pause``, until the endpoint is enabled."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/disable")

    def enable(self, id: str) -> Endpoint:
        """Held deliveries are due now."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/enable")

    def delete(self, id: str) -> None:
        """Deletes the endpoint and cancels its open deliveries."""
        call(self._connection, "DELETE", f"/v1/endpoints/{segment(id)}")

    def rotate_secret(self, id: str, **rotation: Unpack[SecretRotation]) -> CreatedEndpoint:
        """The response contains the new secret. No later response does."""
        path = f"/v1/endpoints/{segment(id)}/rotate-secret"
        return call(self._connection, "POST", path, body=rotation)

    def preview_filter(self, id: str, **request: Unpack[FilterPreviewRequest]) -> FilterPreview:
        """Compares recent events with a filter, by default that of the endpoint."""
        path = f"/v1/endpoints/{segment(id)}/filter-preview"
        return call(self._connection, "POST", path, body=request)

    def test(
        self, id: str, *, wait: Optional[str] = None, **event: Unpack[NewTestEvent]
    ) -> AcceptedEvent:
        """Sends the example of the event type, by default the first of the catalogue, to this endpoint only.

        With ``wait`` (for example ``10s``, at most ``60s``), the response waits until the delivery has settled.
        """
        path = f"/v1/endpoints/{segment(id)}/test"
        return call(self._connection, "POST", path, query={"wait": wait}, body=event)
