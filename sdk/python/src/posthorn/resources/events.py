from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Mapping, Optional, Sequence

from ..call import Connection, call, segment
from ..models import AcceptedEvent, AcceptedItem, DeliveryDetails, Erasure, Event, EventSummary, ListEventsQuery, NewEvent
from ..pages import SearchedPage, items_of, with_attributes

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EventPage(SearchedPage):
    items: List[Event]
    nextCursor: Optional[str]


class EventSummaryPage(SearchedPage):
    items: List[EventSummary]
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

    def deliver_to(self, id: str, endpoint: str) -> DeliveryDetails:
        """Sends an event to one more endpoint, whatever it subscribed to."""
        return call(self._connection, "POST", f"/v1/events/{segment(id)}/deliveries", body={"endpoint": endpoint})

    def delete(self, id: str) -> Erasure:
        """Erases the event with its deliveries, attempts and outcomes. ``erasures.get`` reports the end."""
        return call(self._connection, "DELETE", f"/v1/events/{segment(id)}")

    def list(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListEventsQuery]
    ) -> EventPage:
        """``attributes``: only events that have all of these. It makes the call a search, which needs ``since``."""
        return call(self._connection, "GET", "/v1/events", query=with_attributes(query, attributes))

    def all(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListEventsQuery]
    ) -> Iterator[Event]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/events", with_attributes(query, attributes))

    def summaries(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListEventsQuery]
    ) -> EventSummaryPage:
        """Lists events with sizes and counts instead of data, bodies and deliveries."""
        parameters = {**with_attributes(query, attributes), "fields": "summary"}
        return call(self._connection, "GET", "/v1/events", query=parameters)

    def all_summaries(
        self, *, attributes: Optional[Mapping[str, str]] = None, **query: Unpack[ListEventsQuery]
    ) -> Iterator[EventSummary]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/events", {**with_attributes(query, attributes), "fields": "summary"})
