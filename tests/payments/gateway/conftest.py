"""A gateway at the edge of our HTTP client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx

from payments.gateway import transport

API = "http://gateway.test/v3"


@pytest.fixture
def gateway() -> Iterator[respx.MockRouter]:
    """Answers as a test says, on a connection of its own."""
    transport.close()
    with respx.mock(base_url=API) as router:
        yield router
    transport.close()
