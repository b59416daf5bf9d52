"""Bitrix24 as it may answer some day: the sandbox behind a proxy that gives single methods another answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.web import WEB

Answer = dict[str, Any]


@dataclass
class OddPortal:
    """`answers` stand for those of the sandbox: {"result": …} or {"error": …, "error_description": …}.

    Each by a method, or by how the whole command begins.

    They hold for the commands of batches; the sandbox does what it is asked all the same.
    """

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)

    def bend(self, commands: dict[str, str], found: dict[str, Any]) -> None:
        """Put the other answers in the place of the sandbox's."""
        results, errors = dict(found["result"] or {}), dict(found["result_error"] or {})
        for key, text in commands.items():
            odd = next((answer for beginning, answer in self.answers.items() if text.startswith(beginning)), None)
            if odd is None:
                continue
            results.pop(key, None)
            errors.pop(key, None)
            if "error" in odd:
                errors[key] = odd
            else:
                results[key] = odd["result"]
        found["result"], found["result_error"] = results or [], errors or []


@contextmanager
def odd_portal(behind: str) -> Iterator[OddPortal]:
    """A portal of its own address in front of this one (the address of a webhook)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = WEB.post(behind + self.path.removeprefix("/rest/1/odd"), json=body)
            content = answer.content
            if self.path.endswith("/batch") and answer.status_code == 200:
                envelope = answer.json()
                portal.bend(body["cmd"], envelope["result"])
                content = json.dumps(envelope).encode()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    portal = OddPortal(f"http://127.0.0.1:{server.server_address[1]}/rest/1/odd")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
