"""The switch that stops all charging keeps the first reason, and resumes only what stands still."""

from __future__ import annotations

from uuid import uuid4

import pytest

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.installation.copies import pause_in_a_copy
from payments.installation.models import Installation
from payments.installation.pausing import limit_days, pause_charging, resume_charging
from payments.installation.setup import ensure_installation

BOSS = uuid4()


def _pause(session: Session, reason: str) -> bool:
    return pause_charging(session, reason, now=business_now(session), by=BOSS)


@pytest.fixture
def installation(session: Session) -> Installation:
    found = ensure_installation(session, get_settings())
    session.flush()
    return found


def test_a_second_pause_keeps_the_reason_of_the_first(session: Session, installation: Installation) -> None:
    assert [_pause(session, "ремонт"), _pause(session, "отпуск")] == [True, False]

    assert (installation.charging_paused, installation.pause_reason) == (True, "ремонт")


def test_charging_that_runs_is_not_resumed(session: Session, installation: Installation) -> None:
    with pytest.raises(Refused, match="и так идут"):
        resume_charging(session, now=business_now(session), by=BOSS)

    assert _pause(session, "ремонт")
    resume_charging(session, now=business_now(session), by=BOSS)
    assert (installation.charging_paused, installation.pause_reason) == (False, None)


def test_before_the_first_start_there_is_nothing_to_pause_to_resume_or_to_limit(session: Session) -> None:
    now = business_now(session)
    with pytest.raises(NotFound):
        _pause(session, "ремонт")
    with pytest.raises(NotFound):
        resume_charging(session, now=now, by=BOSS)
    with pytest.raises(NotFound):
        limit_days(session, charges=1, kopecks=None)
    assert pause_in_a_copy(session, now=now) is False
