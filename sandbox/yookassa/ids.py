"""Identifiers shaped as the gateway's: seconds since 2000-01-01T12:00Z in hex, then the kind of object."""

from __future__ import annotations

import random

from sandbox.moments import SECOND

_GATEWAY_EPOCH = 946_728_000

PAYMENT = "000f"
REFUND = "0015"


def new_id(kind: str, instant: int) -> str:
    """36 characters, as `23d93cac-000f-5000-8000-126628f15141`."""
    seconds = max(instant // SECOND - _GATEWAY_EPOCH, 0) & 0xFFFFFFFF
    return f"{seconds:08x}-{kind}-5000-{random.choice('89ab')}000-{random.getrandbits(48):012x}"


def digits(count: int) -> str:
    """So many random decimal digits."""
    return f"{random.randrange(10**count):0{count}d}"
