"""An employee's pause of one autopay: nothing more leaves, the contract runs, and only its own end lets charges go on."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.consents import Evidence
from payments.autopay.ending import resume_contract, suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Autopay, Consent, Notice
from payments.autopay.stopping import suspend_autopays_of, withdraw
from payments.charging.checkout import prepare_checkout
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.charging.permits import permit_scheduled
from payments.charging.untold import announce_untold
from payments.contracts.models import Installment
from payments.history.models import StatusHistory
from payments.invoicing.issue import issue_due, issue_now
from payments.invoicing.models import Invoice
from tests.support.business import agree, make_agreement
from tests.support.standing import Standing, begin_first_payment, causes_told, make_standing, pay_first

BOSS = uuid4()


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def pause(session: Session, it: Standing) -> bool:
    done = pause_autopay(session, it.contract_id, by=BOSS, now=business_now(session))
    session.flush()
    return done


def resume(session: Session, it: Standing) -> bool:
    # One transaction has one business_now(): what came before must lie before.
    done = resume_autopay(session, it.contract_id, by=BOSS, now=business_now(session) + timedelta(minutes=1))
    session.flush()
    return done


def test_a_pause_drops_what_has_not_left_and_keeps_the_consent(session: Session, it: Standing) -> None:
    assert pause(session, it) is True

    autopay = it.autopay(session)
    assert (autopay.status, autopay.held_at is not None, it.contract(session).status) == ("paused", True, "active")
    assert (it.payment(session).status, it.payment(session).reason) == ("rejected", "withdrawn")
    assert permit_scheduled(session, [it.due.payment_id], worker="test") == []
    assert session.scalars(select(Consent.action).where(Consent.kind == "recurring")).all() == ["given"]
    assert causes_told(session) == ["consented", "held"]
    source = select(StatusHistory.source).where(StatusHistory.object_id == autopay.id, StatusHistory.new == "paused")
    assert session.scalars(source).all() == [f"staff:{BOSS}"]


def test_pressing_twice_pauses_once_and_resumes_once(session: Session, it: Standing) -> None:
    assert [pause(session, it), pause(session, it)] == [True, False]
    assert [resume(session, it), resume(session, it)] == [True, False]

    assert causes_told(session) == ["consented", "held", "resumed"]


def test_invoices_go_on_and_ask_to_be_paid_by_hand(session: Session, it: Standing) -> None:
    pause(session, it)
    before = session.scalar(select(func.count()).select_from(Notice))
    last = session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    assert last is not None
    line = session.get_one(Installment, last.installment_id)
    line.status = "paid"
    session.execute(update(Installment).where(Installment.status == "planned").values(issue_at=business_now(session)))

    issue_due(session, now=business_now(session))
    create_due_payments(session, now=business_now(session))

    assert session.scalar(select(func.count()).select_from(Notice)) == before
    assert session.scalar(select(func.count()).where(Payment.status == "created")) == 0


def test_after_a_resumption_nothing_is_charged_on_an_old_warning(session: Session, it: Standing) -> None:
    pause(session, it)
    assert resume(session, it) is True

    line = session.get_one(Installment, session.get_one(Invoice, it.due.invoice_id).installment_id)
    line.charge_at = business_now(session)
    session.flush()
    create_due_payments(session, now=business_now(session))
    announce_untold(session, now=business_now(session))

    assert it.autopay(session).status == "active"
    live = select(func.count()).where(Payment.contract_id == it.contract_id, Payment.status == "created")
    assert session.scalar(live) == 0


def test_a_suspended_contract_that_goes_on_leaves_a_held_autopay_paused(session: Session, it: Standing) -> None:
    pause(session, it)
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")
    resume_contract(session, it.contract_id, now=business_now(session), source="staff")
    session.flush()
    assert it.autopay(session).status == "paused"

    assert resume(session, it) is True
    assert it.autopay(session).status == "active"


def test_the_pause_of_an_autopay_may_end_while_its_contract_still_rests(session: Session, it: Standing) -> None:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")
    assert pause(session, it) is True, "held beside the contract's own rest"

    assert resume(session, it) is True
    assert it.autopay(session).status == "paused"
    resume_contract(session, it.contract_id, now=business_now(session), source="staff")
    assert it.autopay(session).status == "active"


def test_a_withdrawal_ends_the_pause_with_the_permission(session: Session, it: Standing) -> None:
    pause(session, it)
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    session.flush()

    assert (it.autopay(session).status, it.autopay(session).held_at) == ("withdrawn", None)
    with pytest.raises(Refused):
        resume(session, it)
    with pytest.raises(Refused):
        pause(session, it)


def test_a_method_that_dies_under_a_pause_does_not_come_back_with_its_end(session: Session, it: Standing) -> None:
    pause(session, it)
    suspend_autopays_of(session, it.due.method_id, now=business_now(session))
    session.flush()

    assert (it.autopay(session).status, it.autopay(session).held_at) == ("suspended", None)


def test_a_payment_with_a_new_consent_that_was_on_its_way_does_not_end_the_pause(session: Session) -> None:
    agreement, payment = begin_first_payment(session)
    pay_first(session, payment)
    now = business_now(session)
    line_id = session.scalars(select(Installment.id).where(Installment.status == "planned")).one()
    invoice = issue_now(session, line_id, now=now)
    consent_id = agree(session, agreement, now=now)
    customer_id = agreement.customer_id
    checkout = prepare_checkout(session, invoice.id, customer_id=customer_id, consent_id=consent_id, now=now)
    pause_autopay(session, agreement.contract_id, by=BOSS, now=now)
    session.flush()

    pay_first(session, session.get_one(Payment, checkout.payment_id))

    autopay = session.scalars(select(Autopay).execution_options(populate_existing=True)).one()
    assert (autopay.status, autopay.held_at is not None, autopay.consent_id) == ("paused", True, consent_id)


def test_a_contract_without_an_autopay_has_nothing_to_pause(session: Session, it: Standing) -> None:
    other = make_agreement(session, email="b@example.com")

    for verb in (pause_autopay, resume_autopay):
        with pytest.raises(NotFound):
            verb(session, other.contract_id, by=BOSS, now=business_now(session))
