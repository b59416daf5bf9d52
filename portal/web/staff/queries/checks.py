"""What the doctor found when it last came."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.db import ReadSession
from portal.doctor.models import CheckResult


def read_results(session: ReadSession) -> Sequence[CheckResult]:
    """The answers of the last examination; none before the first."""
    return session.scalars(select(CheckResult)).all()


def count_broken(session: ReadSession) -> int:
    """How many checks are not sound."""
    return session.execute(select(func.count()).where(CheckResult.broken_since.is_not(None))).scalar_one()
