"""Identifiers: of rows, UUID version 7 (RFC 9562 §5.7), so that new ones land at the end of an index; of processes."""

from __future__ import annotations

import os
import socket
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7() -> UUID:
    """A new UUIDv7 from the machine's clock: 48 bits of milliseconds, 74 random bits."""
    stamp = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    rand_a = random >> 68  # the top 12 of 80 bits
    rand_b = random & ((1 << 62) - 1)
    return UUID(int=stamp << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b)


def process_name() -> str:
    """What this process is called in the rows that it has in hand: its machine and number."""
    return f"{socket.gethostname()}:{os.getpid()}"
