"""What the gateway writes beside the essentials never keeps money that came in from being booked."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.applying import apply
from payments.charging.models import SEND, Payment
from payments.charging.recording import Outcome, record
from payments.gateway.parsing import parse_payment
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerTransaction
from tests.support.gateway_objects import says
from tests.support.raw_payments import raw_payment
from tests.support.standing import begin_first_payment

CARD = {"type": "bank_card", "id": "pm-4444", "saved": True}
ODD: list[dict[str, Any]] = [
    {"income_amount": {"value": "96.505", "currency": "RUB"}},
    {"income_amount": "96.50"},
    {"income_amount": {"value": "a lot"}},
    {"created_at": None},
    {"created_at": "yesterday"},
    {"payment_method": "card"},
    {"payment_method": {"type": "bank_card", "saved": True}},
    {"payment_method": {**CARD, "card": "Mir"}},
    {"payment_method": {**CARD, "card": ["Mir"], "title": {"ru": "Карта"}}},
    {"payment_method": {**CARD, "card": {"expiry_year": "99999", "expiry_month": "0"}}},
    {"payment_method": {**CARD, "card": {"expiry_year": "²", "last4": 4444, "card_type": {"name": "Mir"}}}},
    {"payment_method": {**CARD, "title": "x\x00y", "type": "\ud800", "card": {"last4": "4" * 5000}}},
    {"payment_method": {**CARD, "id": "p" * 5000}},
    {"cancellation_details": "none", "confirmation": "https://pay.example"},
    {"confirmation": {"confirmation_url": 7}},
    {"captured_at": "\x00", "expires_at": float("nan"), "refunded_amount": "\ud800"},
    {"metadata": "none"},
]


@pytest.fixture
def payment(session: Session) -> Payment:
    return begin_first_payment(session)[1]


def _booked(session: Session, payment: Payment) -> bool:
    mine = select(LedgerTransaction.id).where(LedgerTransaction.source_id == payment.id)
    return session.scalars(mine.where(LedgerTransaction.kind == "payment")).one_or_none() is not None


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_field_does_not_hide_a_success(session: Session, payment: Payment, odd: dict[str, Any]) -> None:
    amount = {"value": "3000.00", "currency": "RUB"}
    item = parse_payment(raw_payment(payment.id, amount=amount, **odd))

    record(session, [Outcome(payment.id, SEND, item, 1)], source="answer")

    session.flush()
    session.refresh(payment)
    assert payment.status == "succeeded"
    assert _booked(session, payment)


@pytest.mark.parametrize("kopecks", [99, 0])
def test_less_than_a_ruble_that_came_is_booked(session: Session, payment: Payment, kopecks: int) -> None:
    apply(session, [says(session, payment, "succeeded", kopecks=kopecks)], source="webhook", now=business_now(session))

    assert (payment.status, payment.kopecks) == ("succeeded", kopecks)
    assert _booked(session, payment)
    assert session.get_one(Invoice, payment.invoice_id).status == "open"


def test_less_than_a_ruble_that_came_a_second_time_is_booked(session: Session, payment: Payment) -> None:
    first = says(session, payment, "succeeded")
    second = says(session, payment, "succeeded", kopecks=50, gateway_id="gw-twin")

    apply(session, [first, second], source="webhook", now=business_now(session))

    twin = session.scalars(select(Payment).where(Payment.gateway_id == "gw-twin")).one()
    assert (twin.status, twin.kopecks) == ("succeeded", 50)
    assert _booked(session, twin)
