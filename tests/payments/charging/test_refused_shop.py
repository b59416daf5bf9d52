"""A shop that the gateway refuses pauses charging, and a pause that is there keeps its reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session
from kernel.ids import uuid7
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.charging.models import SEND, GatewayExchange, Payment
from payments.charging.refused_shop import CHARGING_FORBIDDEN, CREDENTIALS_REFUSED, pause_if_refused
from payments.gateway.port import CredentialsRefused, GatewayError, OutcomeUnknown
from payments.installation.models import Installation
from payments.installation.pausing import pause_charging, resume_charging
from payments.installation.setup import ensure_installation
from tests.support.standing import Standing, make_standing

FORBIDDEN = OutcomeUnknown("forbidden", http_status=403)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
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


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def _another_charge(session: Session, it: Standing) -> Payment:
    """One more charge that was sent; which invoice it is for does not matter here."""
    model = it.payment(session)
    same = ("invoice_id", "customer_id", "contract_id", "shop_id", "autopay_id", "method_id", "notice_id", "kopecks")
    facts = {name: getattr(model, name) for name in same}
    payment = Payment(id=uuid7(), initiator="schedule", status="rejected", body="{}", sends=1, **facts)
    session.add(payment)
    session.flush()
    return payment


def _sent(session: Session, payment: Payment, http_status: int | None, *, at: datetime) -> None:
    """A send of the charge was answered so."""
    facts = {"outcome": "unknown", "http_status": http_status, "millis": 1, "at": at}
    session.add(GatewayExchange(payment_id=payment.id, verb=SEND, **facts))
    session.flush()
    if http_status == FORBIDDEN.http_status:
        pause_if_refused(session, [FORBIDDEN], now=at)


def _is_paused(session: Session) -> bool:
    installation = session.scalars(select(Installation)).one()
    return (installation.charging_paused, installation.pause_reason) == (True, CHARGING_FORBIDDEN)


def test_one_charge_that_is_refused_again_and_again_pauses_nothing(session: Session, it: Standing) -> None:
    begun, charge = business_now(session), it.payment(session)

    for hours in range(20):  # as long as one key may be sent
        _sent(session, charge, 403, at=begun + hours * HOUR)

    assert not _is_paused(session)


def test_five_charges_that_are_refused_with_no_other_answer_among_them_pause_charging(
    session: Session, it: Standing
) -> None:
    now = business_now(session)
    charges = [_another_charge(session, it) for _ in range(6)]
    for charge in charges[:4]:
        _sent(session, charge, 403, at=now)
    _sent(session, charges[4], 200, at=now)
    for charge in charges[:4]:
        _sent(session, charge, 403, at=now)
    assert not _is_paused(session)

    _sent(session, charges[5], 403, at=now)

    assert _is_paused(session)


def test_a_call_that_nobody_answered_says_nothing_either_way(session: Session, it: Standing) -> None:
    now = business_now(session)
    for charge in [_another_charge(session, it) for _ in range(4)]:
        _sent(session, charge, 403, at=now)
    _sent(session, it.payment(session), None, at=now)

    _sent(session, _another_charge(session, it), 403, at=now)

    assert _is_paused(session)


@pytest.mark.parametrize("answer", [200, 400, 500])
def test_any_other_answer_begins_the_count_anew(session: Session, it: Standing, answer: int) -> None:
    now = business_now(session)
    for charge in [_another_charge(session, it) for _ in range(4)]:
        _sent(session, charge, 403, at=now)
    _sent(session, it.payment(session), answer, at=now)

    _sent(session, _another_charge(session, it), 403, at=now)

    assert not _is_paused(session)


def test_a_shop_with_one_charge_a_day_learns_of_it_on_the_second(session: Session, it: Standing) -> None:
    begun, first = business_now(session), it.payment(session)
    for hours in range(20):
        _sent(session, first, 403, at=begun + hours * HOUR)
    assert not _is_paused(session)

    _sent(session, _another_charge(session, it), 403, at=begun + 24 * HOUR + MINUTE)

    assert _is_paused(session)


def test_a_shop_with_one_charge_a_day_is_not_paused_by_one_of_them(session: Session, it: Standing) -> None:
    begun, first = business_now(session), it.payment(session)
    for hours in range(20):
        _sent(session, first, 403, at=begun + hours * HOUR)
    _sent(session, _another_charge(session, it), 200, at=begun + 24 * HOUR)

    _sent(session, _another_charge(session, it), 403, at=begun + 48 * HOUR)

    assert not _is_paused(session)


def test_a_person_who_resumes_begins_the_count_anew(session: Session, it: Standing) -> None:
    now = business_now(session)
    charges = [_another_charge(session, it) for _ in range(5)]
    for charge in charges:
        _sent(session, charge, 403, at=now - HOUR)
    assert _is_paused(session)
    resume_charging(session, now=now, by=uuid7())

    for charge in charges[:4]:
        _sent(session, charge, 403, at=now + MINUTE)
    assert not _is_paused(session)

    _sent(session, charges[4], 403, at=now + MINUTE)
    assert _is_paused(session)
