"""Money is tested against a real database and, where the gateway has a say, a real sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from tests.sandbox.process import Sandbox
from tests.support.world import World, running_world


@pytest.fixture
def world(committed: str, sandbox_process: Sandbox) -> Iterator[World]:
    """The product and the sandbox, both empty."""
    with running_world(sandbox_process) as found:
        with begin() as session:
            ensure_installation(session, get_settings())
        yield found
