"""A fault point that acts in this process, for tests of what is left when something breaks half-way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kernel import fault


@contextmanager
def faulty(plan: str) -> Iterator[None]:
    """The points act as `plan` says (`resend.after_permit=raise`) until the block ends."""
    os.environ[fault.VARIABLE] = plan
    _forget()
    try:
        yield
    finally:
        del os.environ[fault.VARIABLE]
        _forget()


def _forget() -> None:
    fault._plans.cache_clear()
    fault._hits.clear()
