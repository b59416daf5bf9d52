"""Stories are told against a real database and a real sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from tests.sandbox.process import Sandbox, start_sandbox
from tests.support.world import World, running_world


@pytest.fixture(scope="session")
def one_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox process for all stories of this worker."""
    sandbox = start_sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def world(committed: str, one_sandbox: Sandbox) -> Iterator[World]:
    """The product and the sandbox, both empty."""
    with running_world(one_sandbox) as found:
        with begin() as session:
            ensure_installation(session, get_settings())
        yield found
