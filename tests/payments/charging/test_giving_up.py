"""A charge that never reached the gateway is announced once more; after that the customer is told, and asked to pay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session
from kernel.ids import uuid7
from kernel.outbox import OutboxMessage
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.holding import pause_autopay
from payments.autopay.models import Notice, PaymentMethod
from payments.autopay.stopping import suspend_autopays_of, unlink, withdraw
from payments.charging.models import SEND, Payment
from payments.charging.permits import permit_scheduled
from payments.charging.recording import Outcome, give_up_unfound, record
from payments.contracts.models import Installment
from payments.events import InvoiceIssued, PaymentDeclined
from payments.gateway.port import OutcomeUnknown
from payments.invoicing.models import Invoice
from tests.support.standing import Standing, make_standing

DAY = timedelta(hours=24)


def _unlink(session: Session, it: Standing) -> None:
    customer_id, now = it.agreement.customer_id, business_now(session)
    unlink(session, it.due.method_id, customer_id=customer_id, evidence=Evidence(), now=now)


STOPS: dict[str, Callable[[Session, Standing], object]] = {
    "withdrawn": lambda s, it: withdraw(s, it.contract_id, evidence=Evidence(), now=business_now(s)),
    "unlinked": _unlink,
    "suspended by the bank": lambda s, it: suspend_autopays_of(s, it.due.method_id, now=business_now(s)),
    "held by an employee": lambda s, it: pause_autopay(s, it.contract_id, by=uuid7(), now=business_now(s)),
    "contract suspended": lambda s, it: suspend_contract(s, it.contract_id, now=business_now(s), source="staff"),
    "contract ended": lambda s, it: end_contract(s, it.contract_id, now=business_now(s), source="staff"),
}


@pytest.fixture
def it(session: Session) -> Standing:
    standing = make_standing(session)
    assert permit_scheduled(session, [standing.due.payment_id], worker="test")
    record(session, [Outcome(standing.due.payment_id, SEND, OutcomeUnknown("ReadTimeout"), 1)], source="answer")
    return standing


def _give_up(session: Session, payment: Payment) -> Payment:
    """The shop's list, read a day after the send, does not hold the payment."""
    now = business_now(session)
    payment.permit_at = now - DAY
    session.flush()
    assert give_up_unfound(session, payment.id, listed_at=now, account_id="100500")
    session.flush()
    return payment


def _another_attempt(session: Session, before: Payment) -> Payment:
    payment = Payment(
        id=uuid7(),
        invoice_id=before.invoice_id,
        customer_id=before.customer_id,
        contract_id=before.contract_id,
        shop_id=before.shop_id,
        autopay_id=before.autopay_id,
        method_id=before.method_id,
        notice_id=before.notice_id,
        initiator="schedule",
        kopecks=before.kopecks,
        status="unknown",
        body=before.body,
        sends=1,
    )
    session.add(payment)
    return payment


def _notices(session: Session) -> int:
    return session.execute(select(func.count()).select_from(Notice)).scalar_one()


def _told_of_failures(session: Session) -> list[str]:
    told = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == PaymentDeclined.topic))
    return [payload["payment_id"] for payload in told]


def _asked_for(session: Session) -> list[str]:
    asked = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == InvoiceIssued.topic))
    return [payload["invoice_id"] for payload in asked]


def test_the_first_time_it_is_announced_again_and_the_end_of_the_first_try_is_told(
    session: Session, it: Standing
) -> None:
    announced = _notices(session)

    first = _give_up(session, it.payment(session))

    assert (first.status, first.reason) == ("rejected", "not_created")
    assert _notices(session) == announced + 1
    assert _told_of_failures(session) == [str(first.id)]
    assert _asked_for(session) == []


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
def test_what_was_stopped_meanwhile_is_asked_for_because_nothing_will_charge_it(
    session: Session, it: Standing, stop: Callable[[Session, Standing], object]
) -> None:
    announced = _notices(session)
    stop(session, it)

    payment = _give_up(session, it.payment(session))

    assert (payment.status, payment.reason) == ("rejected", "not_created")
    assert _asked_for(session) == [str(payment.invoice_id)]
    assert _notices(session) == announced


def test_what_was_announced_for_a_card_that_another_has_followed_is_asked_for_and_not_charged_from_that(
    session: Session, it: Standing
) -> None:
    announced = _notices(session)
    present = session.get_one(PaymentMethod, it.due.method_id)
    following = PaymentMethod(
        customer_id=present.customer_id, shop_id=present.shop_id, gateway_id="pm-2", kind="bank_card", title="Карта"
    )
    session.add(following)
    session.flush()
    it.autopay(session).method_id = following.id

    payment = _give_up(session, it.payment(session))

    assert _asked_for(session) == [str(payment.invoice_id)]
    assert _notices(session) == announced


def test_the_second_time_the_customer_hears_of_the_failure_and_nothing_more_is_announced(
    session: Session, it: Standing
) -> None:
    first = _give_up(session, it.payment(session))
    announced = _notices(session)

    second = _give_up(session, _another_attempt(session, first))

    assert (second.status, second.reason, second.next_attempt_at) == ("rejected", "given_up", None)
    assert _notices(session) == announced
    assert _told_of_failures(session) == [str(first.id), str(second.id)]
    line = session.get_one(Installment, session.get_one(Invoice, second.invoice_id).installment_id)
    assert (line.status, line.charge_at) == ("invoiced", None)
