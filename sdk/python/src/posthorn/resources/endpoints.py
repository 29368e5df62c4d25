from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    AcceptedEvent,
    CreatedEndpoint,
    Endpoint,
    EndpointChanges,
    ListEndpointsQuery,
    NewEndpoint,
    NewTestEvent,
    SecretRotation,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EndpointPage(TypedDict):
    items: List[Endpoint]
    nextCursor: Optional[str]


class Endpoints:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **endpoint: Unpack[NewEndpoint]) -> CreatedEndpoint:
        """The answer shows the secret, this once."""
        return call(self._connection, "POST", "/v1/endpoints", body=endpoint)

    def get(self, id: str) -> Endpoint:
        return call(self._connection, "GET", f"/v1/endpoints/{segment(id)}")

    def list(self, **query: Unpack[ListEndpointsQuery]) -> EndpointPage:
        return call(self._connection, "GET", "/v1/endpoints", query=query)

    def all(self, **query: Unpack[ListEndpointsQuery]) -> Iterator[Endpoint]:
        """Those of all pages, each fetched when it is reached."""
        return items_of(self._connection, "/v1/endpoints", query)

    def update(self, id: str, **changes: Unpack[EndpointChanges]) -> Endpoint:
        return call(self._connection, "PATCH", f"/v1/endpoints/{segment(id)}", body=changes)

    def pause(self, id: str) -> Endpoint:
        """What comes due from then on, and what is posted, is held."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/pause")

    def resume(self, id: str) -> Endpoint:
        """Ends the pause; what is held is due now."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/resume")

    def disable(self, id: str) -> Endpoint:
        """As `pause`, until it is enabled."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/disable")

    def enable(self, id: str) -> Endpoint:
        """What is held is due now."""
        return call(self._connection, "POST", f"/v1/endpoints/{segment(id)}/enable")

    def delete(self, id: str) -> None:
        """Cancels what is open to it."""
        call(self._connection, "DELETE", f"/v1/endpoints/{segment(id)}")

    def rotate_secret(self, id: str, **rotation: Unpack[SecretRotation]) -> CreatedEndpoint:
        """The answer shows the new secret, this once."""
        path = f"/v1/endpoints/{segment(id)}/rotate-secret"
        return call(self._connection, "POST", path, body=rotation)

    def test(
        self, id: str, *, wait: Optional[str] = None, **event: Unpack[NewTestEvent]
    ) -> AcceptedEvent:
        """The example of the type, or the first of the catalogue, goes to this endpoint alone.

        ``wait``, such as ``10s``, answers when the delivery has settled, at most after 60 s.
        """
        path = f"/v1/endpoints/{segment(id)}/test"
        return call(self._connection, "POST", path, query={"wait": wait}, body=event)
