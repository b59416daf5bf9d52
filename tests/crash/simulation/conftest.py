"""The scene on which the machine plays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel import log
from tests.crash.simulation.scene import Scene


@pytest.fixture
def scene(committed: str) -> Iterator[Scene]:
    """A scene in a database of its own."""
    log.configure("ERROR")  # what is odd on purpose fills no pages
    found = Scene()
    yield found
    found.books.close()
    log.configure("WARNING")
