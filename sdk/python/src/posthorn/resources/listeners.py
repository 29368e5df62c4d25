from __future__ import annotations

import json
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, TypedDict, cast

from ..call import Connection, call, segment
from ..event_stream import follow_events
from ..models import CreatedListener, Listener, ListenerResponse, ListListenersQuery, NewListener
from ..pages import items_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ListenerPage(TypedDict):
    items: List[Listener]
    nextCursor: Optional[str]


class ListenerRequest(TypedDict):
    """One attempt: the request as it is signed."""

    # The id of the request in the stream.
    id: str
    delivery: str
    attempt: int
    event: str
    type: str
    url: str
    headers: Dict[str, str]
    body: str
    # A response that comes later than after so many milliseconds does not count.
    timeoutMs: int


class Listeners:
    """Endpoints without a URL: a client reads their requests, and reports the responses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **listener: Unpack[NewListener]) -> CreatedListener:
        """The response contains the secret, unless the consumer has a listener with this label: then it is that one."""
        return call(self._connection, "POST", "/v1/listeners", body=listener)

    def list(self, **query: Unpack[ListListenersQuery]) -> ListenerPage:
        return call(self._connection, "GET", "/v1/listeners", query=query)

    def all(self, **query: Unpack[ListListenersQuery]) -> Iterator[Listener]:
        """Yields the items of all pages. Fetches a page when the iteration reaches it."""
        return items_of(self._connection, "/v1/listeners", query)

    def delete(self, id: str) -> None:
        """Deletes the listener and cancels its open deliveries."""
        call(self._connection, "DELETE", f"/v1/listeners/{segment(id)}")

    def requests(self, id: str, *, last_event_id: Optional[str] = None) -> Iterator[ListenerRequest]:
        """Yields the requests of a listener.

        Reconnects when the connection is lost, and gets again what has no response: a request may come twice. Ends when
        another stream of the listener begins. Raises PosthornError if Posthorn refuses, for example ``not_found`` if the
        listener is deleted.
        """
        for fields in follow_events(self._connection, f"/v1/listeners/{segment(id)}/requests", last_event_id):
            if fields.get("event") == "replaced":
                return
            if fields.get("event") == "request":
                yield cast(ListenerRequest, {"id": fields["id"], **json.loads(fields["data"])})

    def respond(self, id: str, **response: Unpack[ListenerResponse]) -> None:
        """Reports the response to a request, or the ``error`` that kept it from having one."""
        call(self._connection, "POST", f"/v1/listeners/{segment(id)}/responses", body=response)
