"""Calls every method of a client once, with made-up arguments, at the given URL."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable, Iterator, List

from posthorn import PosthornClient


def main(url: str) -> None:
    client = PosthornClient(url=url, api_key="none")
    for resource in vars(client).values():
        for method in methods_of(resource):
            result = method(*["one" for _ in positional(method)])
            if isinstance(result, Iterator):
                next(result, None)


def methods_of(resource: Any) -> List[Callable[..., Any]]:
    """The methods that call the API."""
    members = inspect.getmembers(resource, inspect.ismethod)
    return [method for name, method in members if not name.startswith(("_", "verify"))]


def positional(method: Callable[..., Any]) -> List[str]:
    parameters = inspect.signature(method).parameters.values()
    return [one.name for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]


if __name__ == "__main__":
    main(sys.argv[1])
