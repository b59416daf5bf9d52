"""Whose turn it is to compute: a process has a few threads for its requests (portal.app.THREADS)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import from_thread
from anyio.to_thread import current_default_thread_limiter


@contextmanager
def waiting() -> Iterator[None]:
    """Give the turn to another request while this one waits: for a foreign system, for time, for work beside Python.

    What the block computes besides comes on top of the few. In a thread that has no turn (a command's, a worker's) it
    does nothing.
    """
    gave = _give()
    try:
        yield
    finally:
        if gave:
            from_thread.run_sync(_let, -1)


def _give() -> bool:
    try:
        from_thread.run_sync(_let, 1)
    except RuntimeError:  # no event loop behind this thread
        return False
    return True


def _let(more: int) -> None:
    current_default_thread_limiter().total_tokens += more
