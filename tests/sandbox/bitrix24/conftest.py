"""A portal as new; a handler that receives its events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from tests.sandbox.bitrix24.portal import Portal
from tests.sandbox.process import Sandbox


@pytest.fixture
def portal(running: Sandbox) -> Iterator[Portal]:
    """The demo webhook of an empty portal."""
    running.reset()
    portal = Portal(running)
    yield portal
    portal.close()


class Handler:
    """Receives events; answers `status` after `slow_s`."""

    def __init__(self) -> None:
        self.status = 200
        self.slow_s = 0.0
        self.received: list[dict[str, str]] = []
        self.at: list[float] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._class())
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"

    def events(self) -> list[str]:
        """What came, in order: the event and the id."""
        return [f"{form['event']} {form['data[FIELDS][ID]']}" for form in self.received]

    def _class(self) -> type[BaseHTTPRequestHandler]:
        handler = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                handler.received.append(dict(parse_qsl(body, keep_blank_values=True)))
                handler.at.append(time.monotonic())
                time.sleep(handler.slow_s)
                self.send_response(handler.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Receiver


@pytest.fixture
def handler(portal: Portal) -> Iterator[Handler]:
    """The handler of the portal's outgoing webhook."""
    handler = Handler()
    thread = threading.Thread(target=handler.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    portal.control("targets", {"bitrix24_url": handler.url, "application_token": "app-token"})
    yield handler
    portal.control("targets", {"bitrix24_url": None, "application_token": None})
    handler.server.shutdown()
    handler.server.server_close()
