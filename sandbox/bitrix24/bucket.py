"""The portal's leaky bucket: how many requests a source may send, counted on the virtual clock.

Virtual, as the clock of those who keep to the limit: where time is played, both sides must count the same seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.moments import SECOND


@dataclass
class Source:
    """One address: how full its bucket is, and what it sent in the `span` seconds since the count began."""

    seen: int
    level: float = 0.0
    span: float = 0.0
    admitted: int = 0
    refused: int = 0


class Bucket:
    """Each request adds one drop, `per_second` drops run out; what would overflow `size` is refused."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def admit(self, address: str, size: float, per_second: float, *, now: int) -> bool:
        """Whether a request of this address is let in at this instant, in ms. A refused one leaves no drop."""
        source = self._sources.setdefault(address, Source(now))
        # The machine's own clock may be set back.
        passed = max(0, now - source.seen) / SECOND
        source.level = max(0.0, source.level - passed * per_second)
        source.seen, source.span = now, source.span + passed
        if source.level + 1 > size:
            source.refused += 1
            return False
        source.level += 1
        source.admitted += 1
        return True

    def forget(self) -> None:
        """Empty every bucket and begin to count anew."""
        self._sources.clear()

    def shown(self, size: float, per_second: float) -> list[dict[str, Any]]:
        """Each address with what it used of what it might have: the bucket, and what ran out meanwhile."""
        return [self._shown(address, source, size, per_second) for address, source in sorted(self._sources.items())]

    def _shown(self, address: str, source: Source, size: float, per_second: float) -> dict[str, Any]:
        ceiling = size + per_second * source.span
        return {
            "address": address,
            "level": round(source.level, 2),
            "admitted": source.admitted,
            "refused": source.refused,
            "seconds": round(source.span, 3),
            "ceiling": round(ceiling, 1),
            "share": round(source.admitted / ceiling, 4) if ceiling else None,
        }
