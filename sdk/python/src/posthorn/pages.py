"""Paginated lists and their queries."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Optional, TypedDict

from .call import Connection, call


class SearchedPage(TypedDict, total=False):
    # Of a search: everything created from this time on has been looked at; null if everything has been
    searchedTo: Optional[str]
    # Of a search: whether everything has been looked at
    complete: bool


def with_attributes(query: Mapping[str, Any], attributes: Optional[Mapping[str, str]]) -> Dict[str, Any]:
    """Adds a parameter for each attribute: ``attribute.<name>``."""
    return {**query, **{f"attribute.{name}": value for name, value in (attributes or {}).items()}}


def items_of(connection: Connection, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
    """Yields the items of all pages. Fetches a page when the iteration reaches it."""
    page = call(connection, "GET", path, query=query)
    yield from page["items"]
    while page["nextCursor"] is not None:
        page = call(connection, "GET", path, query={**query, "cursor": page["nextCursor"]})
        yield from page["items"]
