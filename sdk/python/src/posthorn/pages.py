"""Iterates over paginated lists."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from .call import Connection, call


def items_of(connection: Connection, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
    """Yields the items of all pages. Fetches a page when the iteration reaches it."""
    page = call(connection, "GET", path, query=query)
    yield from page["items"]
    while page["nextCursor"] is not None:
        page = call(connection, "GET", path, query={**query, "cursor": page["nextCursor"]})
        yield from page["items"]
