from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Mapping, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import Attempt, Delivery, DeliveryDetails, ListAttemptsQuery, ListDeliveriesQuery
from ..pages import SearchedPage, items_of, with_attributes

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DeliveryPage(SearchedPage):
    items: List[Delivery]
    nextCursor: Optional[str]


class AttemptPage(TypedDict):
    items: List[Attempt]
    nextCursor: Optional[str]


class Deliveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id: str) -> DeliveryDetails:
        return call(self._connection, "GET", f"/v1/deliveries/{segment(id)}")

    def list(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListDeliveriesQuery]
    ) -> DeliveryPage:
        """``attributes``: only deliveries of events that have all of these. It makes the call a search, which needs ``since``."""
        return call(self._connection, "GET", "/v1/deliveries", query=with_attributes(query, attributes))

    def all(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListDeliveriesQuery]
    ) -> Iterator[Delivery]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/deliveries", with_attributes(query, attributes))

    def attempts(self, id: str, **query: Unpack[ListAttemptsQuery]) -> AttemptPage:
        return call(self._connection, "GET", f"/v1/deliveries/{segment(id)}/attempts", query=query)

    def retry(self, id: str) -> DeliveryDetails:
        """Returns the delivery if it is open, otherwise a new one whose ``replayOf`` is its id."""
        return call(self._connection, "POST", f"/v1/deliveries/{segment(id)}/retry")

    def cancel(self, id: str) -> DeliveryDetails:
        return call(self._connection, "POST", f"/v1/deliveries/{segment(id)}/cancel")
