"""The portal's leaky bucket: how many requests a source may send, counted on real time.

Real, not virtual: the clients that are held back wait in real time too, and a played month must not empty a bucket.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Source:
    """One address: how full its bucket is, and what it sent since the count began."""

    level: float = 0.0
    seen: float = field(default_factory=time.monotonic)
    began: float | None = None
    admitted: int = 0
    refused: int = 0


class Bucket:
    """Each request adds one drop, `per_second` drops run out; what would overflow `size` is refused."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def admit(self, address: str, size: float, per_second: float) -> bool:
        """Whether a request of this address is let in. A refused one leaves no drop."""
        now = time.monotonic()
        source = self._sources.setdefault(address, Source(seen=now))
        source.level = max(0.0, source.level - (now - source.seen) * per_second)
        source.seen = now
        source.began = now if source.began is None else source.began
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
        span = source.seen - (source.seen if source.began is None else source.began)
        ceiling = size + per_second * span
        return {
            "address": address,
            "level": round(source.level, 2),
            "admitted": source.admitted,
            "refused": source.refused,
            "seconds": round(span, 3),
            "ceiling": round(ceiling, 1),
            "share": round(source.admitted / ceiling, 4) if ceiling else None,
        }
