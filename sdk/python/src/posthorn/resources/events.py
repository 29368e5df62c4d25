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
        """With an ``id`` of your own it may be sent again after a failure: it is stored once.

        ``wait``, such as ``10s``, answers when every delivery has settled, at most after 60 s.
        """
        return call(self._connection, "POST", "/v1/events", query={"wait": wait}, body=event)

    def send_all(self, events: Sequence[NewEvent]) -> List[AcceptedItem]:
        """Up to 1,000 events: all are stored, or none."""
        answer = call(self._connection, "POST", "/v1/events/batch", body={"events": events})
        return answer["items"]

    def get(self, id: str) -> Event:
        return call(self._connection, "GET", f"/v1/events/{segment(id)}")

    def list(self, **query: Unpack[ListEventsQuery]) -> EventPage:
        return call(self._connection, "GET", "/v1/events", query=query)

    def all(self, **query: Unpack[ListEventsQuery]) -> Iterator[Event]:
        """Those of all pages, each fetched when it is reached."""
        return items_of(self._connection, "/v1/events", query)
