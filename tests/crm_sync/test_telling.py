"""What the words of a timeline's line promise is still so when they are written."""

from __future__ import annotations

from uuid import uuid4

import pytest

from crm_sync import telling
from kernel.clock import business_now
from kernel.db import Session
from payments.autopay.consents import Evidence
from payments.autopay.holding import pause_autopay
from payments.autopay.stopping import withdraw
from payments.charging.applying import apply
from payments.charging.permits import permit_scheduled
from tests.support.gateway_objects import says
from tests.support.standing import Standing, make_standing


@pytest.fixture
def declined(session: Session) -> Standing:
    """A charge that the bank declined for want of money: another is planned."""
    it = make_standing(session)
    assert permit_scheduled(session, [it.due.payment_id], worker="test")
    no = says(session, it.payment(session), "canceled", reason="insufficient_funds")
    apply(session, [no], source="answer", now=business_now(session))
    return it


def _told(session: Session, it: Standing) -> str:
    session.flush()
    (line,) = telling.declined(session, [it.due.payment_id], now=business_now(session))
    return str(line["text"])


def test_a_decline_names_the_attempt_that_is_to_come(session: Session, declined: Standing) -> None:
    assert "Следующая попытка" in _told(session, declined)


def test_a_decline_names_no_attempt_after_the_customer_has_withdrawn(session: Session, declined: Standing) -> None:
    withdraw(session, declined.contract_id, evidence=Evidence(), now=business_now(session))

    assert "Следующая попытка" not in _told(session, declined)


def test_a_decline_names_no_attempt_after_an_employee_has_paused_the_autopay(
    session: Session, declined: Standing
) -> None:
    pause_autopay(session, declined.contract_id, by=uuid4(), now=business_now(session))

    assert "Следующая попытка" not in _told(session, declined)
