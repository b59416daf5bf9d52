"""Accounts are tested with a company whose texts people agree to."""

from __future__ import annotations

import pytest

from kernel.db import Session
from tests.support.business import open_company


@pytest.fixture
def company(session: Session) -> None:
    """The company is named."""
    open_company(session)
