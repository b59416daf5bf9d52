"""The bench's gateway: a process that answers charges in YooKassa's shape, as fast as plain asyncio can.

It is no sandbox: it knows one verb, one account and one outcome, after a delay. What it keeps is the answer to each key.
GET /count says how many keys and calls there were.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

import httpx

from portal.demo.processes import LOOPBACK, free_port

ACCOUNT = "100500"
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_KEY = re.compile(rb"(?i)\r\nidempotence-key: *(\S+)")
_CARD = {
    "type": "bank_card",
    "saved": True,
    "title": "Bank card *4444",
    "card": {
        "first6": "555555",
        "last4": "4444",
        "expiry_year": "2030",
        "expiry_month": "12",
        "card_type": "MasterCard",
    },
}


@contextmanager
def gateway(delay_ms: int) -> Iterator[str]:
    """A gateway of this delay in a process of its own; its API address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.gateway", str(port), str(delay_ms)])
    address = f"http://{LOOPBACK}:{port}"
    try:
        httpx.HTTPTransport(retries=8).handle_request(httpx.Request("GET", f"{address}/count")).read()
        yield address
    finally:
        process.terminate()
        process.wait()


def counted(address: str) -> dict[str, int]:
    """How many keys the gateway has seen, and in how many calls."""
    found: dict[str, int] = httpx.get(f"{address}/count", trust_env=False).json()
    return found


class _Books:
    def __init__(self) -> None:
        self.answers: dict[bytes, bytes] = {}
        self.calls = 0

    def answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET"):
            return _http(200, {"keys": len(self.answers), "calls": self.calls})
        key = _KEY.search(head)
        if key is None:
            return _http(400, {"type": "error", "code": "invalid_request", "parameter": "Idempotence-Key"})
        self.calls += 1
        if key[1] not in self.answers:
            self.answers[key[1]] = _http(200, _payment(json.loads(body)))
        return self.answers[key[1]]


class _Connection(asyncio.Protocol):
    def __init__(self, books: _Books, delay_s: float) -> None:
        self._books, self._delay_s, self._got = books, delay_s, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP is read and written

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(_END)) >= 0:
            length = _LENGTH.search(self._got, 0, end)
            whole = end + len(_END) + (int(length[1]) if length else 0)
            if len(self._got) < whole:
                return
            answer = self._books.answer(self._got[:end], self._got[end + len(_END) : whole])
            self._got = self._got[whole:]
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, answer)
            else:
                self._transport.write(answer)


def _payment(asked: dict[str, object]) -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "status": "succeeded",
        "paid": True,
        "amount": asked["amount"],
        "income_amount": asked["amount"],
        "captured_at": "2026-01-01T00:00:00.000Z",
        "created_at": "2026-01-01T00:00:00.000Z",
        "description": asked["description"],
        "metadata": asked["metadata"],
        "payment_method": {"id": asked["payment_method_id"], **_CARD},
        "recipient": {"account_id": ACCOUNT, "gateway_id": "1"},
        "refundable": True,
        "refunded_amount": {"value": "0.00", "currency": "RUB"},
        "test": True,
    }


def _http(status: int, body: Mapping[str, object]) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(text),
        text,
    )


async def _serve(port: int, delay_s: float) -> None:
    books = _Books()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(books, delay_s), LOOPBACK, port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
