"""Who knocks: the address and the program, as evidence and for the list of devices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from; either may be unknown."""

    ip: str | None = None
    user_agent: str | None = None
