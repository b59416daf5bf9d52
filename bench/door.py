"""A door before the CRM: open, it lets everything through; else it answers 503, or hangs up, or nobody is behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

OPEN = "open"
BUSY = "answers 503"
SILENT = "hangs up without an answer"
GONE = "refuses connections"
# The played clock stands while somebody waits for an answer, and in a day some three hundred times somebody does.
_SILENCE_S = 0.3
_PAGE = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


class Door:
    """Stands at an address of its own before another one."""

    def __init__(self, behind: str) -> None:
        self._web = httpx.Client(base_url=behind, timeout=90, trust_env=False)
        self._state = OPEN
        self._moved = threading.Condition()
        self._server = self._listen(0)
        self.port = self._server.server_port

    def move(self, state: str) -> None:
        """Whoever has waited in vain until now loses his connection."""
        with self._moved:
            before, self._state = self._state, state
            self._moved.notify_all()
        if state == GONE:
            self._stop_listening()
        elif before == GONE:
            self._server = self._listen(self.port)

    def close(self) -> None:
        """Nobody stands here any more."""
        if self._state != GONE:
            self.move(GONE)
        self._web.close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One request, as the door stands."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if self._state == OPEN:
            answer = self._web.post(request.path, content=body, headers={"Content-Type": "application/json"})
            _send(request, answer.status_code, answer.headers["content-type"], answer.content)
            return
        request.close_connection = True
        if self._state == BUSY:
            _send(request, 503, "text/html", _PAGE)
            return
        with self._moved:
            self._moved.wait_for(lambda: self._state != SILENT, timeout=_SILENCE_S)

    def _listen(self, port: int) -> ThreadingHTTPServer:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                door.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def _stop_listening(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def standing_before(behind: str) -> Iterator[Door]:
    """An open door before this address."""
    door = Door(behind)
    try:
        yield door
    finally:
        door.close()


def _send(request: BaseHTTPRequestHandler, status: int, kind: str, content: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)
