from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import Attempt, Delivery, ListAttemptsQuery, ListDeliveriesQuery
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DeliveryPage(TypedDict):
    items: List[Delivery]
    nextCursor: Optional[str]


class AttemptPage(TypedDict):
    items: List[Attempt]
    nextCursor: Optional[str]


class Deliveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id: str) -> Delivery:
        return call(self._connection, "GET", f"/v1/deliveries/{segment(id)}")

    def list(self, **query: Unpack[ListDeliveriesQuery]) -> DeliveryPage:
        return call(self._connection, "GET", "/v1/deliveries", query=query)

    def all(self, **query: Unpack[ListDeliveriesQuery]) -> Iterator[Delivery]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/deliveries", query)

    def attempts(self, id: str, **query: Unpack[ListAttemptsQuery]) -> AttemptPage:
        return call(self._connection, "GET", f"/v1/deliveries/{segment(id)}/attempts", query=query)

    def retry(self, id: str) -> Delivery:
        """Returns the delivery if it is open, otherwise a new one whose ``replayOf`` is its id."""
        return call(self._connection, "POST", f"/v1/deliveries/{segment(id)}/retry")

    def cancel(self, id: str) -> Delivery:
        return call(self._connection, "POST", f"/v1/deliveries/{segment(id)}/cancel")
