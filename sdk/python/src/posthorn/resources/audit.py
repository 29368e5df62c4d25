from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call
from ..models import AuditEntry, ListAuditEntriesQuery
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AuditEntryPage(TypedDict):
    items: List[AuditEntry]
    nextCursor: Optional[str]


class Audit:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[ListAuditEntriesQuery]) -> AuditEntryPage:
        """The calls that changed something, newest first. With the admin key and no project: of all projects."""
        return call(self._connection, "GET", "/v1/audit", query=query)

    def all(self, **query: Unpack[ListAuditEntriesQuery]) -> Iterator[AuditEntry]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/audit", query)
