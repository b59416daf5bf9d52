"""Starting a payment on the gateway's page: one intent, one call, and an answer that is not lost to a lock."""

from __future__ import annotations

import threading
import time
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.checkout import PaymentUnderWay, prepare_checkout, send_checkout
from payments.charging.models import GatewayExchange, Payment
from payments.contracts.models import Contract
from payments.invoicing.issue import issue_now
from tests.support.blocking import meanwhile, wait_for_waiters
from tests.support.business import Agreement, agree, make_agreement
from tests.support.world import World

pytestmark = pytest.mark.committed


def _prepared() -> tuple[Agreement, UUID]:
    with begin() as session:
        it = make_agreement(session, draft=True)
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    return it, checkout.payment_id


def _posts(world: World) -> int:
    return len([entry for entry in world.journal(system="yookassa") if entry["method"] == "POST"])


def test_the_answer_is_recorded_again_when_its_row_was_locked_too_long(world: World) -> None:
    _, payment_id = _prepared()
    world.fail(system="yookassa", match={"method": "POST"}, kind="slow", times=1, seconds=1)
    calling = threading.Thread(target=send_checkout, args=[payment_id])
    calling.start()
    while not _posts(world):
        time.sleep(0.01)
    with begin() as session:
        session.get(Payment, payment_id, with_for_update=True)
        wait_for_waiters(1)
        time.sleep(3.5)  # longer than a statement waits for a lock
    calling.join(20)

    with read() as session:
        payment = session.get_one(Payment, payment_id)
        exchanges = session.scalars(select(GatewayExchange).where(GatewayExchange.payment_id == payment_id)).all()
    assert (payment.status, payment.sends) == ("pending", 1)
    assert payment.confirmation_url
    assert len(exchanges) == 1
    assert _posts(world) == 1


def test_a_permit_that_waited_for_a_lock_is_asked_for_anew_and_the_call_is_made(world: World) -> None:
    _, payment_id = _prepared()
    with begin() as session:
        session.get(Payment, payment_id, with_for_update=True)
        with meanwhile(lambda: send_checkout(payment_id)) as calling:
            time.sleep(3.5)  # longer than a statement waits for a lock
            session.commit()
            url = calling.result(20)

    assert url
    assert _posts(world) == 1


def test_two_tabs_get_one_payment(world: World) -> None:
    it, payment_id = _prepared()
    with begin() as session:
        now = business_now(session)
        invoice_id = session.get_one(Payment, payment_id).invoice_id
        again = prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=None, now=now)
        consent_id = agree(session, it, now=now)
        with pytest.raises(PaymentUnderWay) as clash:
            prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=consent_id, now=now)

    assert again.payment_id == payment_id == clash.value.payment_id
    urls = {send_checkout(payment_id), send_checkout(payment_id)}
    assert len(urls) == 1
    assert _posts(world) == 1
    with read() as session:
        assert session.get_one(Contract, it.contract_id).status == "draft"
