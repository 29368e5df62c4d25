from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, List, Optional, TypedDict

from ..call import Connection, call, segment
from ..models import (
    Cancellation,
    ListCancellationsQuery,
    ListRecoveriesQuery,
    NewCancellation,
    NewRecovery,
    Recovery,
    RecoveryPreview,
)
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class RecoveryPage(TypedDict):
    items: List[Recovery]
    nextCursor: Optional[str]


class CancellationPage(TypedDict):
    items: List[Cancellation]
    nextCursor: Optional[str]


class Recoveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def preview(self, **recovery: Unpack[NewRecovery]) -> RecoveryPreview:
        """Counts what ``start`` would send."""
        return call(self._connection, "POST", "/v1/recoveries", body={**recovery, "dryRun": True})

    def start(self, **recovery: Unpack[NewRecovery]) -> Recovery:
        return call(self._connection, "POST", "/v1/recoveries", body=recovery)

    def get(self, id: str) -> Recovery:
        return call(self._connection, "GET", f"/v1/recoveries/{segment(id)}")

    def list(self, **query: Unpack[ListRecoveriesQuery]) -> RecoveryPage:
        return call(self._connection, "GET", "/v1/recoveries", query=query)

    def all(self, **query: Unpack[ListRecoveriesQuery]) -> Iterator[Recovery]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/recoveries", query)

    def pause(self, id: str) -> Recovery:
        return call(self._connection, "POST", f"/v1/recoveries/{segment(id)}/pause")

    def resume(self, id: str) -> Recovery:
        return call(self._connection, "POST", f"/v1/recoveries/{segment(id)}/resume")

    def cancel(self, id: str) -> Recovery:
        return call(self._connection, "POST", f"/v1/recoveries/{segment(id)}/cancel")


class Cancellations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def preview(self, **cancellation: Unpack[NewCancellation]) -> RecoveryPreview:
        """Counts what ``start`` would cancel."""
        return call(self._connection, "POST", "/v1/cancellations", body={**cancellation, "dryRun": True})

    def start(self, **cancellation: Unpack[NewCancellation]) -> Cancellation:
        return call(self._connection, "POST", "/v1/cancellations", body=cancellation)

    def get(self, id: str) -> Cancellation:
        return call(self._connection, "GET", f"/v1/cancellations/{segment(id)}")

    def list(self, **query: Unpack[ListCancellationsQuery]) -> CancellationPage:
        return call(self._connection, "GET", "/v1/cancellations", query=query)

    def all(self, **query: Unpack[ListCancellationsQuery]) -> Iterator[Cancellation]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/cancellations", query)

    def stop(self, id: str) -> Cancellation:
        """Ends it before it is done."""
        return call(self._connection, "POST", f"/v1/cancellations/{segment(id)}/cancel")
