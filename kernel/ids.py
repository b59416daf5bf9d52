"""Identifiers: UUID version 7 (RFC 9562 §5.7), so that new rows land at the end of an index."""

from __future__ import annotations

import os
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
