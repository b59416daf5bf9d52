"""Identifiers: of rows, UUID version 7 (RFC 9562 §5.7), so that new ones land at the end of an index; of processes."""

from __future__ import annotations

import os
import socket
import threading
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = 74
_LOW_BITS = 62
_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """A new UUIDv7 from the machine's clock: 48 bits of milliseconds, 74 random bits.

    Of one process each is greater than the one before (RFC 9562 §6.2, method 2), within a millisecond too.
    """
    global _last  # noqa: PLW0603  what came before, of all threads
    drawn = int.from_bytes(os.urandom(10), "big")
    stamped = (time.time_ns() // 1_000_000) << _RANDOM_BITS | drawn >> (80 - _RANDOM_BITS)
    with _lock:
        _last = found = max(stamped, _last + 1 + (drawn & 0xFFFF_FFFF))
    stamp, rand_a = found >> _RANDOM_BITS, found >> _LOW_BITS & 0xFFF
    return UUID(int=stamp << 80 | _VERSION | rand_a << 64 | _VARIANT | found & ((1 << _LOW_BITS) - 1))


def process_name() -> str:
    """What this process is called in the rows that it has in hand: its machine and number."""
    return f"{socket.gethostname()}:{os.getpid()}"
