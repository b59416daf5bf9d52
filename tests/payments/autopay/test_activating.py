"""A method is linked only under a consent that lives; one that came too late is kept as evidence and as nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.outbox import OutboxMessage
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.stopping import unlink, withdraw
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, Contract, Installment
from payments.events import InvoiceIssued
from payments.gateway.port import GatewayMethod
from payments.history.models import StatusHistory
from payments.invoicing.models import Invoice
from tests.support.business import Agreement, agree
from tests.support.charging import make_announced
from tests.support.gateway_objects import CARD, says
from tests.support.standing import begin_first_payment, pay_first

NEW_CARD = GatewayMethod("pm-2222", "bank_card", saved=True, title="Bank card *2222", last4="2222", card_type="Mir")
Stop = Callable[[Session, Agreement], None]


def _end(session: Session, it: Agreement) -> None:
    end_contract(session, it.contract_id, now=business_now(session), source="staff")


def _suspend(session: Session, it: Agreement) -> None:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")


def _withdraw(session: Session, it: Agreement) -> None:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))


def _method(session: Session) -> PaymentMethod:
    return session.scalars(select(PaymentMethod)).one()


def _history(session: Session) -> list[tuple[str | None, str]]:
    rows = select(StatusHistory).where(StatusHistory.object_kind == "payment_method").order_by(StatusHistory.id)
    return [(row.old, row.new) for row in session.scalars(rows)]


@pytest.mark.parametrize("stop", [_end, _suspend, _withdraw])
def test_a_method_saved_after_a_stop_is_unlinked_from_the_start(session: Session, stop: Stop) -> None:
    it, payment = begin_first_payment(session, draft=False)
    stop(session, it)

    pay_first(session, payment)

    method = _method(session)
    assert (method.gateway_id, method.last4) == (CARD.gateway_id, CARD.last4)
    assert method.unlinked_at == business_now(session)
    assert _history(session) == [(None, "unlinked")]
    assert session.scalars(select(Autopay)).all() == []
    assert session.get_one(Payment, payment.id).status == "succeeded"


def test_a_method_saved_under_a_living_consent_is_linked(session: Session) -> None:
    it, payment = begin_first_payment(session, draft=False)

    pay_first(session, payment)

    assert _method(session).unlinked_at is None
    assert _history(session) == []
    autopay = session.scalars(select(Autopay)).one()
    assert (autopay.contract_id, autopay.method_id, autopay.status) == (it.contract_id, _method(session).id, "active")


def test_a_consent_given_again_after_a_withdrawal_makes_the_autopay(session: Session) -> None:
    it, payment = begin_first_payment(session, draft=False)
    _withdraw(session, it)
    payment.consent_id = agree(session, it, now=business_now(session))
    session.flush()

    pay_first(session, payment)

    assert _method(session).unlinked_at is None
    assert session.scalars(select(Autopay.consent_id)).one() == payment.consent_id


def test_a_method_that_the_bank_did_not_save_leaves_no_trace(session: Session) -> None:
    _, payment = begin_first_payment(session, draft=False)
    card = GatewayMethod("pm-once", "bank_card", saved=False, title="Bank card *4444", last4="4444")

    apply(session, [says(session, payment, "succeeded", method=card)], source="webhook", now=business_now(session))

    assert session.scalars(select(PaymentMethod)).all() == []
    assert session.scalars(select(Autopay)).all() == []


def _saved_elsewhere(session: Session, payment: Payment, card: GatewayMethod) -> PaymentMethod:
    """The same card, saved for another contract of this payment's customer."""
    method = PaymentMethod(
        customer_id=payment.customer_id,
        shop_id=payment.shop_id,
        gateway_id="pm-elsewhere",
        kind=card.kind,
        title=card.title,
        last4=card.last4,
        card_type=card.card_type,
    )
    session.add(method)
    session.flush()
    return method


@pytest.mark.parametrize(("opened", "linked"), [(-1, 0), (1, 1)], ids=["before", "after"])
def test_a_card_unlinked_while_the_payment_was_open_is_not_linked_by_it(
    session: Session, opened: int, linked: int
) -> None:
    _, payment = begin_first_payment(session, draft=False)
    elsewhere = _saved_elsewhere(session, payment, CARD)
    now = business_now(session)
    unlink(session, elsewhere.id, customer_id=payment.customer_id, evidence=Evidence(), now=now)
    payment.created_at = now + timedelta(minutes=opened)
    session.flush()

    pay_first(session, payment)

    method = session.scalars(select(PaymentMethod).where(PaymentMethod.gateway_id == CARD.gateway_id)).one()
    assert (method.unlinked_at is None) == bool(linked)
    assert len(session.scalars(select(Autopay)).all()) == linked


def _begin_with_another_card(session: Session) -> tuple[Payment, Installment]:
    """A payment that is to bring another card, and an announced line that the present one will be charged for."""
    it, first = begin_first_payment(session, draft=False)
    pay_first(session, first)
    session.get_one(Contract, it.contract_id).advance = BY_CALENDAR
    for _ in range(2):
        make_announced(session, [it])
    armed = select(Installment).where(Installment.contract_id == it.contract_id, Installment.charge_at.is_not(None))
    paid, other = session.scalars(armed.order_by(Installment.number))
    now = business_now(session)
    invoice_id = session.scalars(select(Invoice.id).where(Invoice.installment_id == paid.id)).one()
    consent_id = agree(session, it, now=now)
    checkout = prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=consent_id, now=now)
    return session.get_one(Payment, checkout.payment_id), other


def _succeed_with_it(session: Session, payment: Payment, line: Installment) -> None:
    came = says(session, payment, "succeeded", method=NEW_CARD)
    apply(session, [came], source="webhook", now=business_now(session))
    session.refresh(line)


def test_another_card_leaves_what_was_announced_with_the_first_to_be_paid_by_hand(session: Session) -> None:
    payment, line = _begin_with_another_card(session)

    _succeed_with_it(session, payment, line)

    method = session.get_one(PaymentMethod, session.scalars(select(Autopay.method_id)).one())
    assert (method.gateway_id, line.status, line.charge_at) == (NEW_CARD.gateway_id, "invoiced", None)
    invoice_id = session.scalars(select(Invoice.id).where(Invoice.installment_id == line.id)).one()
    asked = select(OutboxMessage.payload).where(OutboxMessage.topic == InvoiceIssued.topic)
    assert [it["invoice_id"] for it in session.scalars(asked)] == [str(invoice_id)], (
        "it was told of as a charge to come"
    )


def test_what_was_announced_is_still_charged_when_the_other_card_is_not_linked(session: Session) -> None:
    payment, line = _begin_with_another_card(session)
    armed_for = line.charge_at
    taken_away = _saved_elsewhere(session, payment, NEW_CARD)
    taken_away.unlinked_at = payment.created_at + timedelta(minutes=1)
    session.flush()

    _succeed_with_it(session, payment, line)

    method = session.get_one(PaymentMethod, session.scalars(select(Autopay.method_id)).one())
    assert (method.gateway_id, line.status, line.charge_at) == (CARD.gateway_id, "invoiced", armed_for)
