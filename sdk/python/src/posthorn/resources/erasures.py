from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import Erasure, ListErasuresQuery
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ErasurePage(TypedDict):
    items: List[Erasure]
    nextCursor: Optional[str]


class Erasures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id: str) -> Erasure:
        return call(self._connection, "GET", f"/v1/erasures/{segment(id)}")

    def list(self, **query: Unpack[ListErasuresQuery]) -> ErasurePage:
        return call(self._connection, "GET", "/v1/erasures", query=query)

    def all(self, **query: Unpack[ListErasuresQuery]) -> Iterator[Erasure]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/erasures", query)
