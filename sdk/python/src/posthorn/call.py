"""Calls the API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPResponse
from typing import Any, Dict, Mapping, NamedTuple, NoReturn, Optional
from urllib.parse import quote, urlencode

from .errors import PosthornError


class Connection(NamedTuple):
    url: str
    api_key: str
    project: Optional[str]
    timeout_seconds: float


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would send the key to the server that a redirect points to."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def call(
    connection: Connection,
    method: str,
    path: str,
    *,
    query: Optional[Mapping[str, Any]] = None,
    body: Any = None,
    idempotency_key: Optional[str] = None,
    also_accept: int = 0,
) -> Any:
    """Returns the JSON of the response.

    Raises PosthornError if the API refuses the call, and urllib's URLError if it cannot be reached. ``also_accept`` is a
    status that is accepted in addition to 2xx. With the same ``idempotency_key``, a call that is repeated within 24 hours
    gets the response of the first one and creates nothing.
    """
    headers = {} if body is None else {"content-type": "application/json"}
    if idempotency_key is not None:
        headers["idempotency-key"] = idempotency_key
    data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    parameters = {name: value for name, value in (query or {}).items() if value is not None}
    address = f"{path}?{urlencode(parameters)}" if parameters else path
    try:
        with open_response(connection, method, address, headers, data, connection.timeout_seconds) as response:
            return None if response.status == 204 else json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == also_accept:
                return json.load(error)
            raise_refusal(error)


def open_response(
    connection: Connection,
    method: str,
    path: str,
    headers: Dict[str, str],
    data: Optional[bytes],
    timeout_seconds: float,
) -> HTTPResponse:
    """Raises HTTPError for a status other than 2xx. ``timeout_seconds`` limits how long the socket may be silent."""
    request = urllib.request.Request(
        connection.url.rstrip("/") + path,
        data=data,
        method=method,
        headers={
            "authorization": f"Bearer {connection.api_key}",
            **({} if connection.project is None else {"posthorn-project": connection.project}),
            **headers,
        },
    )
    response: HTTPResponse = _opener.open(request, timeout=timeout_seconds)
    return response


def raise_refusal(error: urllib.error.HTTPError) -> NoReturn:
    """Raises PosthornError for a failed call. A response from a proxy may not be a problem document."""
    is_problem = error.headers.get_content_type() == "application/problem+json"
    problem = json.load(error) if is_problem else {}
    raise PosthornError(error.code, problem, error.headers.get("retry-after")) from None


def segment(id: str) -> str:
    """Escapes an id for a path. Raises ValueError for an id that would change the path, such as ``..``."""
    if id in ("", ".", ".."):
        raise ValueError(f"{id!r} is not an id")
    return quote(id, safe="")
