"""Server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import time
from http.client import HTTPException
from typing import Dict, Iterator, Optional
from urllib.error import HTTPError

from .call import Connection, open_response, raise_refusal
from .errors import PosthornError

# Posthorn sends something at least every 15 s. A connection that is silent for longer is dead.
_SILENCE_TIMEOUT_SECONDS = 45
_MAX_RECONNECT_DELAY_SECONDS = 30


def follow_events(connection: Connection, path: str, last_event_id: Optional[str]) -> Iterator[Dict[str, str]]:
    """Yields the fields of the events of a stream, without end.

    Reconnects when the connection is lost and resumes after the last event. Raises PosthornError if Posthorn refuses.
    """
    last_id, retry_seconds, failures = last_event_id, 1.0, 0
    while True:
        try:
            for fields in _events_after(connection, path, last_id):
                failures = 0
                last_id = fields.get("id", last_id)
                retry_seconds = int(fields.get("retry", retry_seconds * 1000)) / 1000
                yield fields
        except PosthornError as error:
            if error.status < 500 and error.status != 429:
                raise
            failures += 1
        except (OSError, HTTPException):
            failures += 1
        time.sleep(min(retry_seconds * 2**failures, _MAX_RECONNECT_DELAY_SECONDS))


def _events_after(connection: Connection, path: str, last_event_id: Optional[str]) -> Iterator[Dict[str, str]]:
    """Also yields blocks without data, which may contain an id."""
    headers = {"accept": "text/event-stream"}
    if last_event_id is not None:
        headers["last-event-id"] = last_event_id
    try:
        response = open_response(connection, "GET", path, headers, None, _SILENCE_TIMEOUT_SECONDS)
    except HTTPError as error:
        with error:
            raise_refusal(error)
    with response:
        fields: Dict[str, str] = {}
        for line in response:
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            if name:
                fields[name] = value[1:] if value.startswith(" ") else value
            elif not value:
                yield fields
                fields = {}
