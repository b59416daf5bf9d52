"""«Следующая попытка» on the card of a payment and in the timeline: only while there will be one, else why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import Session, begin
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.installation.pausing import pause_charging
from payments.invoicing.models import Invoice
from payments.invoicing.skipping import skip_installment
from portal.web.kit.filters import datetime_text
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first, play
from tests.support.business import Agreement

pytestmark = pytest.mark.committed

Declined = tuple[Agreement, UUID]
Act = Callable[[Session, Agreement, Payment], None]


@pytest.fixture
def declined(company: None) -> Declined:
    """A charge of the 5th of April that the bank declined for want of money: a retry is planned."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна Ковалёва"), kopecks=100_000)
        pay_first(session, it)
    play(date(2027, 4, 5), lambda _payment: "insufficient_funds")
    with begin() as session:
        return it, session.scalars(select(Payment.id).where(Payment.status == "canceled")).one()


def told(desk: Desk, declined: Declined) -> list[str]:
    """What the card of the payment and the customer's timeline say about the next attempt."""
    it, payment_id = declined
    card = desk().get(f"/staff/payments/{payment_id}").text
    timeline = desk().get(f"/staff/customers/{it.customer_id}?kind=payments").text
    fact = card.partition("<dt>Следующая попытка</dt><dd>")[2].partition("</dd>")[0]
    return [fact, timeline.partition("Следующая попытка: ")[2].partition(". ")[0]]


def test_a_retry_to_come_is_told_with_its_time(desk: Desk, declined: Declined) -> None:
    with begin() as session:
        planned = session.get_one(Payment, declined[1]).next_attempt_at
    assert planned

    assert told(desk, declined) == [datetime_text(planned)] * 2


def withdrawn(session: Session, it: Agreement, _payment: Payment) -> None:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))


def paid_by_hand(session: Session, it: Agreement, payment: Payment) -> None:
    begun(session, it, payment)
    own = session.scalars(
        select(Payment).where(Payment.initiator == "customer").order_by(Payment.number.desc())
    ).first()
    assert own
    answer(session, [(own, None)])


def begun(session: Session, it: Agreement, payment: Payment) -> None:
    now = business_now(session)
    prepare_checkout(session, payment.invoice_id, customer_id=it.customer_id, consent_id=None, now=now)


def stopped(session: Session, _it: Agreement, _payment: Payment) -> None:
    pause_charging(session, "Сверяем суммы", now=business_now(session), by=None)


def ended(session: Session, it: Agreement, _payment: Payment) -> None:
    session.execute(update(Contract).where(Contract.id == it.contract_id).values(status="ended"))


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (withdrawn, "не будет, автоплатёж отключён"),
        (paid_by_hand, "не нужна, счёт оплачен"),
        (begun, "не раньше, чем закончится другой платёж по счёту"),
        (stopped, "не раньше, чем списания возобновят"),
        (ended, "не будет, договор завершён"),
    ],
)
def test_a_retry_that_will_not_happen_is_not_promised(desk: Desk, declined: Declined, act: Act, why: str) -> None:
    with begin() as session:
        act(session, declined[0], session.get_one(Payment, declined[1]))

    assert told(desk, declined) == [why, why]


def test_a_retry_of_a_skipped_line_will_not_happen(desk: Desk, declined: Declined) -> None:
    at_noon(date(2027, 4, 6))
    with begin() as session:
        line = select(Invoice.installment_id).join(Payment, Payment.invoice_id == Invoice.id)
        line_id = session.scalars(line.where(Payment.id == declined[1])).one()
        skip_installment(session, line_id, by=uuid4(), now=business_now(session))

    assert told(desk, declined) == ["не будет, списание пропустили"] * 2


def test_a_retry_that_was_made_keeps_its_time(desk: Desk, declined: Declined) -> None:
    play(date(2027, 4, 7))
    with begin() as session:
        second = session.scalars(select(Payment).order_by(Payment.number.desc())).first()
    assert second
    assert second.id != declined[1]

    assert told(desk, declined) == [datetime_text(second.created_at)] * 2
