from __future__ import annotations

from typing import TYPE_CHECKING

from ..call import Connection, call
from ..models import Dismissal, Failures as FoundFailures, ListFailuresQuery, NewDismissal

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Failures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[ListFailuresQuery]) -> FoundFailures:
        """What needs attention, in groups with the same cause."""
        return call(self._connection, "GET", "/v1/failures", query=query)


class Dismissals:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **dismissal: Unpack[NewDismissal]) -> Dismissal:
        return call(self._connection, "POST", "/v1/dismissals", body=dismissal)
