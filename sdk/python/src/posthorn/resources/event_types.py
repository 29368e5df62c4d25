from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import ChangedEventType, EventType, EventTypeSettings, ListEventTypesQuery
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
        """Makes the type or changes it; what is left out is the profile's."""
        return call(self._connection, "PUT", f"/v1/event-types/{segment(type)}", body=settings)

    def delete(self, type: str) -> None:
        """What the project says of the type; one of the profile stays, as the profile has it."""
        call(self._connection, "DELETE", f"/v1/event-types/{segment(type)}")

    def list(self, **query: Unpack[ListEventTypesQuery]) -> EventTypePage:
        return call(self._connection, "GET", "/v1/event-types", query=query)

    def all(self, **query: Unpack[ListEventTypesQuery]) -> Iterator[EventType]:
        """Those of all pages, each fetched when it is reached."""
        return items_of(self._connection, "/v1/event-types", query)
