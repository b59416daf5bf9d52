"""The lines of a payment's sum add up to it, whatever came before it and however much came."""

from __future__ import annotations

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from portal.web.payment_sums import Part, parts_of
from tests.support.gateway_objects import says
from tests.support.standing import begin_first_payment, pay_first

ASKED = 300_000
WHAT = Part("Абонемент", ASKED)


def told(session: Session, payment: Payment) -> list[Part]:
    session.flush()
    parts = parts_of(session, payment.id, WHAT.name)
    assert sum(part.kopecks for part in parts) == session.get_one(Payment, payment.id, populate_existing=True).kopecks
    assert {type(part.kopecks) for part in parts} == {int}
    return parts


def pay_again(session: Session, payment: Payment) -> Payment:
    """The customer begins to pay what is left of the same invoice."""
    now = business_now(session)
    invoice = select(Payment.invoice_id).where(Payment.id == payment.id)
    invoice_id = session.execute(invoice).scalar_one()
    found = prepare_checkout(session, invoice_id, customer_id=payment.customer_id, consent_id=None, now=now)
    return session.get_one(Payment, found.payment_id)


def test_a_payment_of_the_whole_invoice_is_the_invoice(session: Session) -> None:
    _it, payment = begin_first_payment(session)
    assert told(session, payment) == [WHAT]
    pay_first(session, payment)
    assert told(session, payment) == [WHAT]


def test_what_came_short_is_named_and_the_rest_names_what_came_before(session: Session) -> None:
    _it, first = begin_first_payment(session, draft=False)
    pay_first(session, first, short=50_000)
    assert told(session, first) == [WHAT, Part("Осталось доплатить", -50_000)]

    rest = pay_again(session, first)
    before = Part("Оплачено раньше", 50_000 - ASKED)
    assert told(session, rest) == [WHAT, before]
    pay_first(session, rest)
    assert told(session, rest) == [WHAT, before]
    assert told(session, first) == [WHAT, Part("Осталось доплатить", -50_000)], "as it was then"


def test_what_went_beyond_the_invoice_is_an_advance(session: Session) -> None:
    _it, payment = begin_first_payment(session)
    pay_first(session, payment, short=-70_000)

    assert told(session, payment) == [WHAT, Part("Сверх счёта, в аванс", 70_000)]


def test_a_second_success_of_a_paid_invoice_is_an_advance_as_a_whole(session: Session) -> None:
    _it, payment = begin_first_payment(session)
    pay_first(session, payment)
    twin = says(session, payment, "succeeded", gateway_id="gw-twin")
    apply(session, [twin], source="webhook", now=business_now(session))
    second = session.scalars(select(Payment).where(Payment.gateway_id == "gw-twin")).one()

    expected = [WHAT, Part("Оплачено раньше", -ASKED), Part("Сверх счёта, в аванс", ASKED)]
    assert told(session, second) == expected


def test_a_try_that_failed_knows_nothing_of_what_came_later(session: Session) -> None:
    _it, payment = begin_first_payment(session, draft=False)
    apply(session, [says(session, payment, "canceled")], source="webhook", now=business_now(session))
    later = pay_again(session, payment)
    pay_first(session, later)

    assert told(session, payment) == [WHAT]
