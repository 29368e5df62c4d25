from __future__ import annotations

import json
from typing import Iterator, Literal, Optional, Sequence, TypedDict, cast
from urllib.parse import urlencode

from ..call import Connection
from ..event_stream import follow_events

OutcomeKind = Literal[
    "attempt.failed",
    "delivery.delivered",
    "delivery.undeliverable",
    "delivery.cancelled",
    "event.settled",
]


class _RequiredOutcome(TypedDict):
    kind: OutcomeKind
    # Pass it as ``last_event_id`` to resume after this outcome.
    id: str
    at: str
    event: str
    consumer: Optional[str]
    status: str


class Outcome(_RequiredOutcome, total=False):
    delivery: str
    endpoint: str
    outcome: str
    attempt: int
    nextAttemptAt: str
    reason: str


class Outcomes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stream(
        self,
        *,
        last_event_id: Optional[str] = None,
        endpoint: Sequence[str] = (),
        consumer: Sequence[str] = (),
        kind: Sequence[OutcomeKind] = (),
    ) -> Iterator[Outcome]:
        """Yields the outcomes of the project, or of the consumer that the key belongs to, without end.

        Reconnects when the connection is lost and resumes after the last outcome, without a gap. ``last_event_id``
        starts after that outcome instead of now. Raises PosthornError if Posthorn refuses, for example
        ``cursor_expired`` if the outcomes after ``last_event_id`` have been deleted. ``endpoint``, ``consumer`` and
        ``kind``: only outcomes of these.
        """
        lists = {"endpoint": endpoint, "consumer": consumer, "kind": kind}
        query = urlencode({name: ",".join(values) for name, values in lists.items() if values})
        path = f"/v1/outcomes?{query}" if query else "/v1/outcomes"
        for fields in follow_events(self._connection, path, last_event_id):
            if "data" in fields:
                yield cast(Outcome, {"kind": fields["event"], **json.loads(fields["data"])})
