"""The deadline of a call is the whole call's: a gateway that goes on writing, byte by byte, cannot stretch it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpcore
import pytest

from kernel import deadline
from kernel.clock import elapsed
from payments.gateway import transport
from payments.gateway.port import OutcomeUnknown
from payments.gateway.transport import Deadlines, call

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'Content-Length: 1000\r\n\r\n{"id": "'
_EACH_S = 0.1
_AT_MOST = 300


class Dripping:
    """A server that answers with `begin`, then one byte after another; `hung_up` when the caller would hear no more."""

    def __init__(self, begin: bytes) -> None:
        self.hung_up = False
        self._begin = begin
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        caller, _ = self._door.accept()
        with caller:
            caller.recv(65536)
            try:
                caller.sendall(self._begin)
                for _ in range(_AT_MOST):
                    if self._ended.wait(_EACH_S):
                        return
                    caller.sendall(b"x")
            except OSError:
                self.hung_up = True

    def request(self) -> httpcore.Request:
        """One that asks it for something."""
        return httpcore.Request("GET", self.url, headers={"Host": "127.0.0.1"})

    def wait(self) -> None:
        """Until it has written its last byte, or the caller has hung up."""
        self._thread.join()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._door.close()


@pytest.fixture(autouse=True)
def _own_connection() -> Iterator[None]:
    transport.close()
    yield
    transport.close()


@pytest.mark.parametrize("begin", [b"HTTP/1.1 2", HEAD + b"X-", HEAD + BODY], ids=["status", "headers", "body"])
def test_an_answer_that_drips_is_given_up_at_the_deadline(begin: bytes) -> None:
    server = Dripping(begin)
    try:
        with pytest.raises(OutcomeUnknown):
            call(server.request(), Deadlines(connect=1, read=1, total=1))
        server.wait()
        assert server.hung_up
    finally:
        server.close()


def test_a_call_that_the_machines_sleep_interrupts_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    server, asked = Dripping(HEAD + BODY), iter([0.0, 0.0, 0.0])
    monkeypatch.setattr(deadline, "elapsed", lambda: elapsed() + next(asked, 3600.0))
    try:
        with pytest.raises(OutcomeUnknown):
            call(server.request(), Deadlines())
    finally:
        server.close()


def test_a_deadline_of_one_call_is_not_the_next_ones() -> None:
    first = Dripping(HEAD + BODY)
    with pytest.raises(OutcomeUnknown):
        call(first.request(), Deadlines(connect=1, read=1, total=0.5))
    first.close()
    second = Dripping(HEAD + b"Content-Length: 2\r\n\r\n{}")

    answer = call(second.request(), Deadlines())

    second.close()
    assert (answer.status, answer.body) == (200, {})
