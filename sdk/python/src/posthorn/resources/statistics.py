from __future__ import annotations

from typing import TYPE_CHECKING

from ..call import Connection, call
from ..models import (
    Backlog,
    EndpointStatistics,
    EventTypeStatistics,
    GetEndpointStatisticsQuery,
    GetEventTypeStatisticsQuery,
    GetTimelineQuery,
    Timeline,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Statistics:
    """The beginning is an argument of its own, because `from` is a keyword of Python."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def timeline(self, from_: str, **query: Unpack[GetTimelineQuery]) -> Timeline:
        """Attempts, deliveries and times over time."""
        return call(self._connection, "GET", "/v1/statistics/timeline", query={"from": from_, **query})

    def endpoints(self, from_: str, **query: Unpack[GetEndpointStatisticsQuery]) -> EndpointStatistics:
        """Attempts over time of up to 50 endpoints."""
        return call(self._connection, "GET", "/v1/statistics/endpoints", query={"from": from_, **query})

    def event_types(self, from_: str, **query: Unpack[GetEventTypeStatisticsQuery]) -> EventTypeStatistics:
        """The number of accepted events by type."""
        return call(self._connection, "GET", "/v1/statistics/event-types", query={"from": from_, **query})

    def backlog(self) -> Backlog:
        """What is open, and when it is due."""
        return call(self._connection, "GET", "/v1/backlog")
