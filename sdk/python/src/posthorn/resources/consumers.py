from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    Consumer,
    ConsumerSession,
    ConsumerSettings,
    Erasure,
    ListConsumersQuery,
    ListConsumerSessionsQuery,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ConsumerPage(TypedDict):
    items: List[Consumer]
    nextCursor: Optional[str]


class ConsumerSessionPage(TypedDict):
    items: List[ConsumerSession]
    nextCursor: Optional[str]


class Consumers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, id: str, **settings: Unpack[ConsumerSettings]) -> Consumer:
        """Creates or replaces the consumer. Omitted fields are cleared."""
        return call(self._connection, "PUT", f"/v1/consumers/{segment(id)}", body=settings)

    def get(self, id: str) -> Consumer:
        return call(self._connection, "GET", f"/v1/consumers/{segment(id)}")

    def list(self, **query: Unpack[ListConsumersQuery]) -> ConsumerPage:
        return call(self._connection, "GET", "/v1/consumers", query=query)

    def all(self, **query: Unpack[ListConsumersQuery]) -> Iterator[Consumer]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/consumers", query)

    def delete(self, id: str) -> None:
        """Deletes the consumer with its keys and endpoints. Its events stay."""
        call(self._connection, "DELETE", f"/v1/consumers/{segment(id)}")

    def erase(self, id: str) -> Erasure:
        """Deletes the consumer and erases its events. ``erasures.get`` reports the end."""
        return call(self._connection, "DELETE", f"/v1/consumers/{segment(id)}", query={"erase": "true"})

    def sessions(self, id: str, **query: Unpack[ListConsumerSessionsQuery]) -> ConsumerSessionPage:
        """The sessions of the consumer in the portal that are in force."""
        return call(self._connection, "GET", f"/v1/consumers/{segment(id)}/sessions", query=query)

    def end_sessions(self, id: str) -> None:
        """Ends all sessions of the consumer in the portal, within a second."""
        call(self._connection, "DELETE", f"/v1/consumers/{segment(id)}/sessions")
