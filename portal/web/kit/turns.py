"""Whose turn it is to compute: a process has a few threads for its requests (portal.app.THREADS)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import from_thread
from anyio.to_thread import current_default_thread_limiter


@contextmanager
def waiting() -> Iterator[None]:
    """The request waits for a foreign system and gives its turn to another meanwhile; in a route's own thread only."""
    from_thread.run_sync(_let, 1)
    try:
        yield
    finally:
        from_thread.run_sync(_let, -1)


def _let(more: int) -> None:
    current_default_thread_limiter().total_tokens += more
