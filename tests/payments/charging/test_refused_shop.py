"""A shop that the gateway refuses pauses charging, and a pause that is there keeps its reason."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session
from kernel.ids import uuid7
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.charging.refused_shop import CREDENTIALS_REFUSED, pause_if_refused
from payments.gateway.port import CredentialsRefused, GatewayError, OutcomeUnknown
from payments.installation.models import Installation
from payments.installation.pausing import pause_charging
from payments.installation.setup import ensure_installation

WRONG_KEY = CredentialsRefused("invalid_credentials", http_status=401)


@pytest.fixture
def installation(session: Session) -> Installation:
    found = ensure_installation(session, get_settings())
    session.flush()
    return found


def _answered(session: Session, *errors: GatewayError) -> None:
    pause_if_refused(session, errors, now=business_now(session))


def _alarms(session: Session) -> int:
    mine = select(func.count()).where(OutboxMessage.topic == "payments.charging_paused.v1")
    return session.execute(mine).scalar_one()


def test_one_wrong_key_among_other_answers_pauses_charging_and_alarms_once(
    session: Session, installation: Installation
) -> None:
    _answered(session, OutcomeUnknown("ReadTimeout"), WRONG_KEY)
    _answered(session, WRONG_KEY)

    assert (installation.charging_paused, installation.pause_reason) == (True, CREDENTIALS_REFUSED)
    assert _alarms(session) == 1


def test_a_pause_of_an_employee_keeps_its_reason(session: Session, installation: Installation) -> None:
    pause_charging(session, "ремонт", now=business_now(session), by=uuid7())
    _answered(session, WRONG_KEY)

    assert installation.pause_reason == "ремонт"
    assert _alarms(session) == 0


def test_an_answer_that_proves_nothing_pauses_nothing(session: Session, installation: Installation) -> None:
    _answered(session, OutcomeUnknown("internal_server_error", http_status=500))

    assert not installation.charging_paused
