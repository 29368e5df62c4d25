from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    ChangedEventType,
    EventType,
    EventTypeSettings,
    GetEventTypeQuery,
    ListEventTypesQuery,
    NewEventTypePreview,
    Preview,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class EventTypePage(TypedDict):
    items: List[EventType]
    nextCursor: Optional[str]


class EventTypes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, type: str, **settings: Unpack[EventTypeSettings]) -> ChangedEventType:
        """Creates or replaces the type. Omitted fields are those of the profile."""
        return call(self._connection, "PUT", f"/v1/event-types/{segment(type)}", body=settings)

    def get(self, type: str, **query: Unpack[GetEventTypeQuery]) -> EventType:
        return call(self._connection, "GET", f"/v1/event-types/{segment(type)}", query=query)

    def preview(self, type: str, **event: Unpack[NewEventTypePreview]) -> Preview:
        """Returns the request that a receiver would get for an event, by default for the example of the type.

        Sends nothing.
        """
        return call(self._connection, "POST", f"/v1/event-types/{segment(type)}/preview", body=event)

    def delete(self, type: str) -> None:
        """Deletes the project's settings of the type. A type of the profile stays in the catalogue."""
        call(self._connection, "DELETE", f"/v1/event-types/{segment(type)}")

    def list(self, **query: Unpack[ListEventTypesQuery]) -> EventTypePage:
        return call(self._connection, "GET", "/v1/event-types", query=query)

    def all(self, **query: Unpack[ListEventTypesQuery]) -> Iterator[EventType]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/event-types", query)
