"""A server that responds to its n-th request with the n-th step, and to later requests with the last step."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, NamedTuple, Optional

Step = Callable[[BaseHTTPRequestHandler], None]


class ReceivedRequest(NamedTuple):
    method: str
    path: str
    headers: Dict[str, str]
    body: bytes


class ScriptedServer:
    def __init__(self, *steps: Step) -> None:
        self.requests: List[ReceivedRequest] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                step = steps[min(len(requests), len(steps) - 1)]
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.append(ReceivedRequest(self.command, self.path, headers, body))
                step(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def respond_with(
    status: int, body: Any, headers: Optional[Dict[str, str]] = None, type: str = "application/json"
) -> Step:
    text = json.dumps(body).encode()

    def step(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        all_headers = {"content-type": type, "content-length": str(len(text)), **(headers or {})}
        for name, value in all_headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(text)

    return step


def stream_and_disconnect(*chunks: str) -> Step:
    """Writes the chunks and then closes the connection."""

    def step(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        for chunk in chunks:
            request.wfile.write(chunk.encode())
            request.wfile.flush()

    return step
