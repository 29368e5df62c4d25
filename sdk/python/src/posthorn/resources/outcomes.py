from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any, Dict, Iterator, Literal, Optional, TypedDict, cast
from urllib.error import HTTPError

from ..call import Connection, open_response, raise_refusal
from ..errors import PosthornError

# Posthorn sends something at least every 15 s. A connection that is silent for longer is dead.
_SILENCE_TIMEOUT_SECONDS = 45
_MAX_RECONNECT_DELAY_SECONDS = 30

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

    def stream(self, *, last_event_id: Optional[str] = None) -> Iterator[Outcome]:
        """Yields the outcomes of the project, or of the consumer that the key belongs to, without end.

        Reconnects when the connection is lost and resumes after the last outcome, without a gap. ``last_event_id``
        starts after that outcome instead of now. Raises PosthornError if Posthorn refuses, for example
        ``cursor_expired`` if the outcomes after ``last_event_id`` have been deleted.
        """
        last_id, retry_seconds, failures = last_event_id, 1.0, 0
        while True:
            try:
                for fields in self._events_after(last_id):
                    failures = 0
                    last_id = fields.get("id", last_id)
                    retry_seconds = int(fields.get("retry", retry_seconds * 1000)) / 1000
                    if "data" in fields:
                        yield cast(Outcome, {"kind": fields["event"], **json.loads(fields["data"])})
            except PosthornError as error:
                if error.status < 500 and error.status != 429:
                    raise
                failures += 1
            except (OSError, HTTPException):
                failures += 1
            time.sleep(min(retry_seconds * 2**failures, _MAX_RECONNECT_DELAY_SECONDS))

    def _events_after(self, last_event_id: Optional[str]) -> Iterator[Dict[str, Any]]:
        """Parses a stream of events (WHATWG HTML, section 9.2.6). Also yields blocks without data, which may contain an id."""
        headers = {"accept": "text/event-stream"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        try:
            response = open_response(self._connection, "GET", "/v1/outcomes", headers, None, _SILENCE_TIMEOUT_SECONDS)
        except HTTPError as error:
            with error:
                raise_refusal(error)
        with response:
            fields: Dict[str, Any] = {}
            for line in response:
                name, _, value = line.decode().rstrip("\r\n").partition(":")
                if name:
                    fields[name] = value[1:] if value.startswith(" ") else value
                elif not value:
                    yield fields
                    fields = {}
