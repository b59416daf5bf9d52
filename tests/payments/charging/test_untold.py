"""A line that no notice announces is announced at its own time, if it will be charged by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now, refresh, set_shift
from kernel.db import Session, begin, read
from payments.autopay.ending import resume_contract, suspend_contract
from payments.autopay.models import Notice, PaymentMethod
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.charging.untold import TO_ANNOUNCE, announce_untold
from payments.contracts.models import Installment
from payments.invoicing.issue import issue_now
from tests.support.another_shop import Move
from tests.support.business import Agreement
from tests.support.standing import begin_first_payment, pay_first

pytestmark = pytest.mark.committed


@pytest.fixture
def it(committed: str) -> Agreement:
    """A customer with an autopay whose next invoice was written early, at the customer's wish, and not paid."""
    with begin() as session:
        agreement, payment = begin_first_payment(session)
        pay_first(session, payment)
    with begin() as session:
        issue_now(session, _line(session, agreement).id, now=business_now(session))
    return agreement


def _line(session: Session, it: Agreement) -> Installment:
    mine = select(Installment).where(Installment.contract_id == it.contract_id, Installment.number == 2)
    return session.scalars(mine).one()


def _its_time_comes(it: Agreement) -> None:
    with begin() as session:
        waits = _line(session, it).issue_at - business_now(session)
        set_shift(session, refresh() + waits + timedelta(minutes=1))


def _announced() -> int:
    with begin() as session:
        return announce_untold(session, now=business_now(session))


def _notices() -> list[Notice]:
    with read() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_it_is_announced_at_its_own_time_and_once(it: Agreement) -> None:
    assert _announced() == 0
    _its_time_comes(it)

    assert [_announced(), _announced()] == [1, 0]
    with read() as session:
        line = _line(session, it)
        assert [(notice.installment_id, notice.charge_on) for notice in _notices()] == [(line.id, line.due_on)]


@pytest.mark.parametrize("trouble", [{"disabled_reason": "card_expired"}, {"unlinked_at": func.business_now()}])
def test_a_card_that_no_longer_works_announces_nothing_and_nothing_waits_for_it(
    it: Agreement, trouble: dict[str, object]
) -> None:
    _its_time_comes(it)
    with begin() as session:
        session.execute(update(PaymentMethod).values(trouble))

    assert _announced() == 0
    with read() as session:
        assert session.scalars(select(Installment).where(TO_ANNOUNCE.due())).all() == []


def test_a_card_of_another_shop_announces_nothing_and_nothing_waits_for_it(it: Agreement, move: Move) -> None:
    _its_time_comes(it)
    with begin() as session:
        move.here(session)

    assert _announced() == 0
    with read() as session:
        assert session.scalars(select(Installment).where(TO_ANNOUNCE.due())).all() == []


def test_what_is_left_of_a_partly_paid_line_is_not_announced_and_nothing_waits_for_it(it: Agreement) -> None:
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, _line(session, it).id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
        pay_first(session, session.get_one(Payment, checkout.payment_id), short=100)
    _its_time_comes(it)

    assert _announced() == 0
    with read() as session:
        assert session.scalars(select(Installment).where(TO_ANNOUNCE.due())).all() == []


def test_what_was_asked_for_before_the_present_permission_is_not_announced(it: Agreement) -> None:
    _its_time_comes(it)
    for verb in (suspend_contract, resume_contract):
        with begin() as session:
            verb(session, it.contract_id, now=business_now(session), source="staff")

    assert _announced() == 0


def test_a_warning_from_an_earlier_permission_does_not_stand_in_for_one(it: Agreement) -> None:
    _its_time_comes(it)
    assert _announced() == 1
    with begin() as session:
        # The permission is newer than the warning, and older than the time at which the line was to be issued.
        session.execute(update(Notice).values(created_at=Notice.created_at - timedelta(days=365)))

    assert [_announced(), _announced()] == [1, 0]


def test_two_schedulers_announce_it_once(it: Agreement) -> None:
    _its_time_comes(it)

    with begin() as first:
        assert announce_untold(first, now=business_now(first)) == 1
        assert _announced() == 0

    assert _announced() == 0
    assert len(_notices()) == 1
