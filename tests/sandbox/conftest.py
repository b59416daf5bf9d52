"""A sandbox for all tests of this folder, emptied before each; a shop that receives its notifications."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.gateway import Client
from tests.sandbox.process import Sandbox, start_sandbox


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The process."""
    sandbox = start_sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(running: Sandbox) -> Iterator[Client]:
    """The demo shop in an empty sandbox."""
    running.reset()
    client = Client(running)
    yield client
    client.close()


class Hook:
    """Receives notifications; answers `status`, or nothing in time while `silent`."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def events(self) -> list[str]:
        """The names of what came, in order."""
        return [notification["event"] for notification in self.received]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                hook.received.append(json.loads(body))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def hook(client: Client) -> Iterator[Hook]:
    """The shop's notification address, known to the sandbox."""
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    client.control("targets", {"yookassa_url": hook.url})
    yield hook
    client.control("targets", {"yookassa_url": None})
    hook.server.shutdown()
    hook.server.server_close()
