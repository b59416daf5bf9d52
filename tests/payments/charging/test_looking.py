"""Whoever waits in front of a page gets the gateway asked at once, and asked once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from kernel.settings import get_settings
from payments.charging.applying import apply
from payments.charging.checking import CHECK
from payments.charging.checkout import prepare_checkout
from payments.charging.looking import look_soon
from payments.charging.models import LOOK, GatewayExchange, Payment
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from tests.support.business import make_agreement
from tests.support.gateway_objects import says


@pytest.fixture
def pending(session: Session) -> Payment:
    ensure_installation(session, get_settings())
    it = make_agreement(session, draft=True)
    now = business_now(session)
    invoice = issue_now(session, it.line_id, now=now)
    checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    payment = session.get_one(Payment, checkout.payment_id)
    apply(session, [says(session, payment, "pending")], source="answer", now=now)
    return payment


def _hints(session: Session) -> list[tuple[UUID | int, ...]]:
    messages = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
    hints = [read_hint(message) for message in messages]
    return [hint.ids for hint in hints if hint.job == CHECK]


def test_a_look_is_brought_forward_with_a_hint_that_the_sweep_trusts(session: Session, pending: Payment) -> None:
    assert look_soon(session, pending.id)
    session.refresh(pending)
    assert _hints(session) == [(pending.id,)]
    assert pending.next_check_at == business_now(session)
    assert pending.lease_until is not None


def test_a_page_that_is_reloaded_asks_once(session: Session, pending: Payment) -> None:
    assert look_soon(session, pending.id)
    assert not look_soon(session, pending.id)
    assert len(_hints(session)) == 1


def test_a_payment_that_was_asked_about_a_moment_ago_is_left_alone(session: Session, pending: Payment) -> None:
    session.add(GatewayExchange(payment_id=pending.id, verb=LOOK, outcome="pending", http_status=200, millis=1))
    session.flush()
    assert not look_soon(session, pending.id)


def test_a_decided_payment_is_never_asked_about(session: Session, pending: Payment) -> None:
    apply(session, [says(session, pending, "succeeded")], source="webhook", now=business_now(session))
    pending.next_check_at = business_now(session) + timedelta(hours=1)
    session.flush()
    assert not look_soon(session, pending.id)
    assert _hints(session) == []
