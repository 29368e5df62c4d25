from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, Sequence, TypedDict

from ..call import Connection, call, segment
from ..models import AcceptedEvent, AcceptedItem, Event, ListEventsQuery, NewEvent
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EventPage(TypedDict):
    items: List[Event]
    nextCursor: Optional[str]


class Events:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, *, wait: Optional[str] = None, **event: Unpack[NewEvent]) -> AcceptedEvent:
        """With an ``id`` of your own you can safely send the event again after a failure: it is stored once.

        With ``wait`` (for example ``10s``, at most ``60s``), the response waits until every delivery has settled.
        """
        return call(self._connection, "POST", "/v1/events", query={"wait": wait}, body=event)

    def send_all(self, events: Sequence[NewEvent]) -> List[AcceptedItem]:
        """Sends up to 1,000 events. All of them are stored, or none."""
        response = call(self._connection, "POST", "/v1/events/batch", body={"events": events})
        return response["items"]

    def get(self, id: str) -> Event:
        return call(self._connection, "GET", f"/v1/events/{segment(id)}")

    def list(self, **query: Unpack[ListEventsQuery]) -> EventPage:
        return call(self._connection, "GET", "/v1/events", query=query)

    def all(self, **query: Unpack[ListEventsQuery]) -> Iterator[Event]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/events", query)
