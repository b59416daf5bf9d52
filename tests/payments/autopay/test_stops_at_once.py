"""A stop and what it stops, at the same moment on two connections: whoever comes second sees the first."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin, read
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.models import Autopay
from payments.autopay.stopping import wait_for_calls, withdraw
from payments.charging.models import Payment
from payments.charging.permits import permit_scheduled
from payments.contracts.models import Installment
from tests.support.blocking import meanwhile
from tests.support.business import Agreement
from tests.support.standing import begin_first_payment, make_standing, pay_first

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
Stop = Callable[[Session, UUID], None]


def _end(session: Session, contract_id: UUID) -> None:
    end_contract(session, contract_id, now=business_now(session), source="staff")


def _suspend(session: Session, contract_id: UUID) -> None:
    suspend_contract(session, contract_id, now=business_now(session), source="staff")


def _withdraw(session: Session, contract_id: UUID) -> None:
    withdraw(session, contract_id, evidence=Evidence(), now=business_now(session))


# A sum that is short pays no line and opens no draft: then stop and payment meet at the contract alone.
SUMS = pytest.mark.parametrize(("draft", "short"), [(True, 0), (False, 0), (False, 1)])
STOPS = pytest.mark.parametrize("stop", [_end, _suspend, _withdraw])


def _run(stop: Stop, contract_id: UUID) -> None:
    with begin() as session:
        stop(session, contract_id)


@STOPS
def test_a_stop_waits_for_a_permit_and_its_answer_names_the_charge(stop: Stop) -> None:
    with begin() as session:
        it = make_standing(session)
    with begin() as session:
        permits = permit_scheduled(session, [it.due.payment_id], worker="test")
        with meanwhile(lambda: _run(stop, it.contract_id)) as stopping:
            session.commit()
            stopping.result(10)

    assert [permit.payment_id for permit in permits] == [it.due.payment_id]
    assert [item.payment_id for item in wait_for_calls(it.contract_id)] == [it.due.payment_id]


@STOPS
def test_a_permit_asked_for_during_a_stop_is_not_given(stop: Stop) -> None:
    with begin() as session:
        it = make_standing(session)
    with begin() as session:
        stop(session, it.contract_id)
        session.flush()
        with begin() as other:
            assert permit_scheduled(other, [it.due.payment_id], worker="test") == []

    with begin() as session:
        assert permit_scheduled(session, [it.due.payment_id], worker="test") == []
        assert it.payment(session).status == "rejected"
    assert wait_for_calls(it.contract_id) == []


def _first_payment(*, draft: bool) -> tuple[Agreement, UUID]:
    with begin() as session:
        it, payment = begin_first_payment(session, draft=draft)
        return it, payment.id


def _pay(payment_id: UUID, short: int) -> None:
    with begin() as session:
        pay_first(session, session.get_one(Payment, payment_id), short=short)


@SUMS
@pytest.mark.parametrize("stop", [_end, _withdraw])
def test_an_autopay_that_is_just_being_made_is_stopped_too(stop: Stop, *, draft: bool, short: int) -> None:
    it, payment_id = _first_payment(draft=draft)
    with begin() as session:
        pay_first(session, session.get_one(Payment, payment_id), short=short)
        with meanwhile(lambda: _run(stop, it.contract_id)) as stopping:
            session.commit()
            stopping.result(10)

    with read() as session:
        assert session.scalars(select(Autopay.status)).one() in ("ended", "withdrawn")
        planned = session.scalars(select(Installment.status).where(Installment.status == "planned")).all()
    assert len(planned) == (0 if stop is _end or short else 1)


@SUMS
@pytest.mark.parametrize("stop", [_end, _withdraw])
def test_a_first_payment_that_comes_in_during_a_stop_makes_no_autopay(stop: Stop, *, draft: bool, short: int) -> None:
    it, payment_id = _first_payment(draft=draft)
    with begin() as session:
        stop(session, it.contract_id)
        session.flush()
        with meanwhile(lambda: _pay(payment_id, short)) as paying:
            session.commit()
            paying.result(10)

    with read() as session:
        assert session.scalars(select(Autopay)).all() == []
        assert session.get_one(Payment, payment_id).status == "succeeded"
