"""Lists of the API, page by page."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from .call import Connection, call


def items_of(connection: Connection, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
    """The items of the first page and of all after it, each page fetched when it is reached."""
    page = call(connection, "GET", path, query=query)
    yield from page["items"]
    while page["nextCursor"] is not None:
        page = call(connection, "GET", path, query={**query, "cursor": page["nextCursor"]})
        yield from page["items"]
