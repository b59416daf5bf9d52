"""The same time for every answer: how long it took must not tell whether an address is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from portal.web.kit.turns import waiting

# Longer than a hash and a letter take together on a slow machine.
_USUAL_S = 0.4


@contextmanager
def even_pace(usual_s: float = _USUAL_S) -> Iterator[None]:
    """Wait, after the block, until so much time has passed since it began."""
    ends_at = time.monotonic() + usual_s
    yield
    with waiting():
        time.sleep(max(0.0, ends_at - time.monotonic()))
