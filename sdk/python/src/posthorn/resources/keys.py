from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import ApiKey, CreatedKey, ListKeysQuery, NewKey
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ApiKeyPage(TypedDict):
    items: List[ApiKey]
    nextCursor: Optional[str]


class Keys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, *, idempotency_key: Optional[str] = None, **key: Unpack[NewKey]
    ) -> CreatedKey:
        """The response contains the key. No later response does, except that to the same call with its
        ``idempotency_key``.
        """
        return call(
            self._connection, "POST", "/v1/keys", body=key, idempotency_key=idempotency_key
        )

    def list(self, **query: Unpack[ListKeysQuery]) -> ApiKeyPage:
        return call(self._connection, "GET", "/v1/keys", query=query)

    def all(self, **query: Unpack[ListKeysQuery]) -> Iterator[ApiKey]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/keys", query)

    def delete(self, id: str) -> None:
        """The key stops working within a second."""
        call(self._connection, "DELETE", f"/v1/keys/{segment(id)}")
