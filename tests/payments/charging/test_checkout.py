"""Starting a payment on the gateway's page: one intent, one call, and an answer that is not lost to a lock."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin, read, repeating
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.charging.applying import apply
from payments.charging.checkout import Checkout, PaymentUnderWay, prepare_checkout, send_checkout
from payments.charging.due import create_due_payments
from payments.charging.models import GatewayExchange, Payment
from payments.charging.permits import permit_scheduled
from payments.contracts.models import Contract, Installment
from payments.history.models import StatusHistory
from payments.installation.pausing import pause_charging, pause_until_reconciled
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.reconciliation.running import reconcile
from tests.support.blocking import meanwhile, wait_for_waiters
from tests.support.business import Agreement, agree, make_agreement
from tests.support.charging import make_announced
from tests.support.gateway_objects import says
from tests.support.standing import Standing, begin_first_payment, make_standing, pay_first
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


def _charge_written() -> Standing:
    """A charge that no worker has begun to send."""
    with begin() as session:
        return make_standing(session)


def _announced() -> tuple[Agreement, UUID]:
    """A line that is due for its automatic charge, and its invoice; the scheduler has not come by yet."""
    with begin() as session:
        it, first = begin_first_payment(session)
        pay_first(session, first)
        make_announced(session, [it])
        open_now = select(Invoice.id).where(Invoice.contract_id == it.contract_id, Invoice.status == "open")
        return it, session.scalars(open_now).one()


def _pay_by_hand(customer_id: UUID, invoice_id: UUID) -> Checkout:
    def work(session: Session) -> Checkout:
        now = business_now(session)
        return prepare_checkout(session, invoice_id, customer_id=customer_id, consent_id=None, now=now)

    return repeating(work)


def _all_of(invoice_id: UUID) -> list[tuple[str, str, str | None]]:
    with read() as session:
        rows = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id).order_by(Payment.number))
        return [(row.initiator, row.status, row.reason) for row in rows]


BY_HAND = ("customer", "created", None)
GAVE_WAY = ("schedule", "rejected", "paid_by_hand")


def test_paying_by_hand_at_the_second_of_the_automatic_charge_waits_for_it_and_takes_its_place(committed: str) -> None:
    it, invoice_id = _announced()
    with begin() as session:
        assert create_due_payments(session, now=business_now(session)) == 1
        with meanwhile(lambda: _pay_by_hand(it.customer_id, invoice_id)) as paying:
            session.commit()
            paying.result(20)

    assert _all_of(invoice_id) == [GAVE_WAY, BY_HAND]


def test_the_automatic_charge_passes_over_a_line_that_is_just_being_paid_by_hand(committed: str) -> None:
    it, invoice_id = _announced()
    with begin() as session:
        now = business_now(session)
        prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=None, now=now)
        with begin() as scheduler:
            assert create_due_payments(scheduler, now=now) == 0

    assert _all_of(invoice_id) == [BY_HAND]
    with read() as session:
        assert session.scalars(select(Installment.charge_at).where(Installment.charge_at.is_not(None))).all(), (
            "he may give up"
        )


def test_while_charging_is_paused_a_customer_pays_by_hand(committed: str) -> None:
    it = _charge_written()
    with begin() as session:
        pause_charging(session, "сверка", now=business_now(session), by=None)

    _pay_by_hand(it.agreement.customer_id, it.due.invoice_id)

    assert _all_of(it.due.invoice_id) == [GAVE_WAY, BY_HAND]
    with read() as session:
        noted = select(StatusHistory.new, StatusHistory.source).where(StatusHistory.object_id == it.due.payment_id)
        assert [tuple(row) for row in session.execute(noted)] == [("rejected", "checkout")]


def test_a_charge_that_gave_way_comes_back_when_the_customer_gives_up(committed: str) -> None:
    it = _charge_written()
    by_hand = _pay_by_hand(it.agreement.customer_id, it.due.invoice_id).payment_id
    with begin() as session:
        payment = session.get_one(Payment, by_hand)
        gone = says(session, payment, "canceled", reason="expired_on_confirmation", party="yoo_money")
        apply(session, [gone], source="webhook", now=business_now(session))
        assert create_due_payments(session, now=business_now(session)) == 1

    assert _all_of(it.due.invoice_id) == [
        GAVE_WAY,
        ("customer", "canceled", "expired_on_confirmation"),
        ("schedule", "created", None),
    ]


def test_a_charge_that_gave_way_does_not_come_back_after_a_stop(committed: str) -> None:
    it = _charge_written()
    _pay_by_hand(it.agreement.customer_id, it.due.invoice_id)
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))

    with read() as session:
        assert not session.scalars(select(Installment.charge_at).where(Installment.charge_at.is_not(None))).all()


def test_a_charge_that_a_worker_has_in_hand_goes_first(committed: str) -> None:
    it = _charge_written()
    with begin() as session:
        assert permit_scheduled(session, [it.due.payment_id], worker="test")
        with pytest.raises(PaymentUnderWay):  # at once: it does not wait for the worker
            _pay_by_hand(it.agreement.customer_id, it.due.invoice_id)
    with pytest.raises(PaymentUnderWay):
        _pay_by_hand(it.agreement.customer_id, it.due.invoice_id)

    assert _all_of(it.due.invoice_id) == [("schedule", "sending", None)]


@pytest.mark.parametrize("short", [100, 120_050])
def test_of_a_partly_paid_invoice_only_the_rest_is_asked_for(committed: str, short: int) -> None:
    with begin() as session:
        it, first = begin_first_payment(session)
        pay_first(session, first, short=short)

    rest = _pay_by_hand(it.customer_id, first.invoice_id).payment_id

    with read() as session:
        payment = session.get_one(Payment, rest)
        assert payment.kopecks == short
        assert json.loads(payment.body)["amount"] == {"value": f"{short / 100:.2f}", "currency": "RUB"}


def test_less_than_a_ruble_is_not_asked_for(committed: str) -> None:
    with begin() as session:
        it, first = begin_first_payment(session)
        pay_first(session, first, short=99)

    with pytest.raises(Refused, match="меньше рубля"):
        _pay_by_hand(it.customer_id, first.invoice_id)


def test_nobody_pays_the_invoice_of_another_customer(committed: str) -> None:
    with begin() as session:
        mine, other = make_agreement(session), make_agreement(session, email="boris@example.com")
        now = business_now(session)
        invoice = issue_now(session, mine.line_id, now=now)
        with pytest.raises(NotFound):
            prepare_checkout(session, invoice.id, customer_id=other.customer_id, consent_id=None, now=now)
        assert session.scalars(select(Payment.id)).all() == []


def test_a_paid_invoice_is_not_paid_again(committed: str) -> None:
    with begin() as session:
        it, payment = begin_first_payment(session)
        pay_first(session, payment)
        with pytest.raises(Refused, match="уже оплачен"):
            prepare_checkout(
                session,
                payment.invoice_id,
                customer_id=it.customer_id,
                consent_id=None,
                now=business_now(session),
            )


def _unproven(*, since: timedelta = timedelta()) -> None:
    with begin() as session:
        pause_until_reconciled(session, "из копии", now=business_now(session) + since)


def test_a_database_from_a_backup_takes_no_money_for_what_may_be_paid_until_the_lists_are_read(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
        invoice_id = issue_now(session, it.line_id, now=business_now(session)).id
    _unproven(since=timedelta(seconds=1))

    def pay() -> Checkout:
        with begin() as session:
            now = business_now(session)
            return prepare_checkout(session, invoice_id, customer_id=it.customer_id, consent_id=None, now=now)

    with pytest.raises(Refused, match="сверяем платежи"):
        pay()

    world.jump("PT1M")
    reconcile()
    assert pay().return_token, "charging is still paused, and this invoice is known to be open"


def test_what_was_agreed_after_the_restore_is_paid_at_once(world: World) -> None:
    with begin() as session:
        ensure_installation(session, get_settings())
    _unproven(since=-timedelta(minutes=1))

    _, payment_id = _prepared()

    assert send_checkout(payment_id)
