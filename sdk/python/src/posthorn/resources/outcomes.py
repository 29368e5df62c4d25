from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any, Dict, Iterator, Literal, Optional, TypedDict, cast
from urllib.error import HTTPError

from ..call import Connection, open_response, raise_refusal
from ..errors import PosthornError

# Posthorn writes something every 15 s: after this long the connection is dead, whatever the socket says.
_SILENCE_SECONDS = 45
_LONGEST_WAIT_SECONDS = 30

OutcomeKind = Literal[
    "attempt.failed",
    "delivery.delivered",
    "delivery.undeliverable",
    "delivery.cancelled",
    "event.settled",
]


class _RequiredOutcome(TypedDict):
    kind: OutcomeKind
    # Where to resume after it.
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
        """The outcomes of the project, or of the consumer whose key it is, without end and without a gap.

        When the connection is lost it is made anew and resumes after the last outcome; ``last_event_id`` begins after
        that outcome instead of now. Raises PosthornError when Posthorn refuses, such as ``cursor_expired`` when it no
        longer keeps the outcomes after it.
        """
        place, retry_seconds, failures = last_event_id, 1.0, 0
        while True:
            try:
                for fields in self._events_after(place):
                    failures = 0
                    place = fields.get("id", place)
                    retry_seconds = int(fields.get("retry", retry_seconds * 1000)) / 1000
                    if "data" in fields:
                        yield cast(Outcome, {"kind": fields["event"], **json.loads(fields["data"])})
            except PosthornError as error:
                if error.status < 500 and error.status != 429:
                    raise
                failures += 1
            except (OSError, HTTPException):
                failures += 1
            time.sleep(min(retry_seconds * 2**failures, _LONGEST_WAIT_SECONDS))

    def _events_after(self, last_event_id: Optional[str]) -> Iterator[Dict[str, Any]]:
        """Blocks of a stream of events (WHATWG HTML, 9.2.6); those without data may carry an id."""
        headers = {"accept": "text/event-stream"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        try:
            response = open_response(self._connection, "GET", "/v1/outcomes", headers, None, _SILENCE_SECONDS)
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
