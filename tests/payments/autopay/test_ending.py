"""A contract that ends or rests takes its autopay with it: nothing is charged, and what is owed stays owed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session, begin
from kernel.errors import NotFound, Refused
from kernel.outbox import OutboxMessage
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, resume_contract, suspend_contract
from payments.autopay.models import Autopay
from payments.autopay.stopping import withdraw
from payments.charging.applying import apply
from payments.charging.due import create_due_payments
from payments.charging.permits import permit_scheduled
from payments.charging.untold import TO_ANNOUNCE
from payments.contracts.models import Installment
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from tests.support.business import Agreement, make_agreement, payments_of
from tests.support.charging import make_due, next_day
from tests.support.gateway_objects import says
from tests.support.standing import Standing, begin_first_payment, make_standing

Verb = Callable[..., None]


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def _do(session: Session, verb: Verb, it: Standing | Agreement) -> None:
    verb(session, it.contract_id, now=business_now(session), source="staff")
    session.flush()


def _lines(session: Session, it: Standing | Agreement) -> list[str]:
    rows = select(Installment).where(Installment.contract_id == it.contract_id).order_by(Installment.number)
    return [line.status for line in session.scalars(rows.execution_options(populate_existing=True))]


def _causes(session: Session, topic: str, name: str) -> list[str]:
    found = session.scalars(select(OutboxMessage).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id))
    return [message.payload[name] for message in found]


def make_due_line(session: Session, it: Standing) -> Installment:
    """A planned line of the contract whose time to be issued has come."""
    last = session.scalars(
        select(Installment).where(Installment.contract_id == it.contract_id).order_by(Installment.number.desc())
    ).first()
    assert last is not None
    line = Installment(
        contract_id=last.contract_id,
        plan_id=last.plan_id,
        number=last.number + 1,
        due_on=last.period_end,
        period_start=last.period_end,
        period_end=last.period_end.replace(year=last.period_end.year + 1),
        kopecks=last.kopecks,
        issue_at=business_now(session),
    )
    session.add(line)
    session.flush()
    return line


@pytest.mark.parametrize(
    ("verb", "contract", "autopay"), [(end_contract, "ended", "ended"), (suspend_contract, "suspended", "paused")]
)
def test_a_charge_that_waits_to_be_sent_never_is(
    session: Session, it: Standing, verb: Verb, contract: str, autopay: str
) -> None:
    _do(session, verb, it)

    payment = it.payment(session)
    assert (it.contract(session).status, it.autopay(session).status) == (contract, autopay)
    assert (payment.status, payment.reason) == ("rejected", "withdrawn")
    assert permit_scheduled(session, [payment.id], worker="test") == []
    assert create_due_payments(session, now=business_now(session)) == 0
    assert _causes(session, "payments.autopay_stopped.v1", "cause") == [autopay]
    assert _causes(session, "payments.contract_status_changed.v1", "status")[-1] == contract


@pytest.mark.parametrize("verb", [end_contract, suspend_contract])
def test_what_was_sent_and_has_no_outcome_is_not_sent_again(session: Session, it: Standing, verb: Verb) -> None:
    payment = it.payment(session)
    assert len(permit_scheduled(session, [payment.id], worker="test")) == 1
    payment.status = "unknown"
    session.flush()

    _do(session, verb, it)

    assert it.payment(session).status == "unknown"
    assert permit_scheduled(session, [payment.id], worker="test", again=True) == []


def test_an_ended_contract_plans_nothing_and_keeps_its_open_invoice_as_a_debt(session: Session, it: Standing) -> None:
    other = make_agreement(session, email="b@example.com", in_days=30)

    _do(session, end_contract, it)
    _do(session, end_contract, other)

    assert _lines(session, it) == ["paid", "invoiced"]
    assert _lines(session, other) == ["void"]
    assert session.get_one(Invoice, it.due.invoice_id, populate_existing=True).status == "open"
    assert it.contract(session).ended_at is not None


def test_ending_or_suspending_twice_says_it_once(session: Session, it: Standing) -> None:
    for verb in (suspend_contract, suspend_contract, end_contract, end_contract):
        _do(session, verb, it)

    assert _causes(session, "payments.autopay_stopped.v1", "cause") == ["paused", "ended"]
    assert _causes(session, "payments.contract_status_changed.v1", "status") == ["active", "suspended", "ended"]


def test_a_suspended_contract_issues_nothing_until_it_is_resumed(session: Session, it: Standing) -> None:
    _do(session, suspend_contract, it)
    line = make_due_line(session, it)
    assert issue_due(session, now=business_now(session)) == 0

    _do(session, resume_contract, it)

    assert issue_due(session, now=business_now(session)) == 1
    session.refresh(line)
    assert line.status == "invoiced"


@pytest.mark.committed
def test_a_resumed_contract_charges_again_but_not_what_was_asked_for_before(committed: str) -> None:
    with begin() as session:
        it = make_standing(session)
        _do(session, suspend_contract, it)
        _do(session, resume_contract, it)
        assert (it.contract(session).status, it.autopay(session).status) == ("active", "active")
    next_day()
    with begin() as session:
        assert create_due_payments(session, now=business_now(session)) == 0
        assert [payment.status for payment in payments_of(session, it.contract_id)] == ["succeeded", "rejected"]
        make_due_line(session, it)
        (due,) = make_due(session, [it.agreement])
        assert len(permit_scheduled(session, [due.payment_id], worker="test")) == 1


@pytest.mark.committed
def test_what_was_sent_and_has_no_outcome_is_not_sent_again_after_a_resumption_either(committed: str) -> None:
    with begin() as session:
        it = make_standing(session)
        assert len(permit_scheduled(session, [it.due.payment_id], worker="test")) == 1
        it.payment(session).status = "unknown"
    for verb in (suspend_contract, resume_contract):
        with begin() as session:
            _do(session, verb, it)

    with begin() as session:
        assert permit_scheduled(session, [it.due.payment_id], worker="test", again=True) == []
        assert (it.autopay(session).status, it.payment(session).status) == ("active", "unknown")


@pytest.mark.committed
def test_a_card_that_dies_during_a_suspension_does_not_come_back_with_the_contract(committed: str) -> None:
    with begin() as session:
        it = make_standing(session)
        assert len(permit_scheduled(session, [it.due.payment_id], worker="test")) == 1
    with begin() as session:
        _do(session, suspend_contract, it)
    with begin() as session:
        declined = says(session, it.payment(session), "canceled", reason="card_expired", party="payment_network")
        apply(session, [declined], source="webhook", now=business_now(session))
    with begin() as session:
        _do(session, resume_contract, it)
        assert (it.contract(session).status, it.autopay(session).status) == ("active", "suspended")
        assert _causes(session, "payments.autopay_stopped.v1", "cause") == ["paused", "suspended"]

    next_day()
    with begin() as session:
        make_due_line(session, it)
        assert issue_due(session, now=business_now(session)) == 1
        waiting = select(Installment).where(TO_ANNOUNCE.due())
        assert session.scalars(waiting).all() == []


def test_consent_taken_back_during_a_suspension_does_not_come_back_with_the_contract(
    session: Session, it: Standing
) -> None:
    _do(session, suspend_contract, it)
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    _do(session, resume_contract, it)

    assert (it.contract(session).status, it.autopay(session).status) == ("active", "withdrawn")


def test_a_contract_without_autopay_ends_as_well(session: Session) -> None:
    it, _ = begin_first_payment(session)

    _do(session, end_contract, it)

    assert session.scalars(select(Autopay)).all() == []


@pytest.mark.parametrize("verb", [end_contract, suspend_contract, resume_contract])
def test_nobody_else_s_contract_is_found(session: Session, it: Standing, verb: Verb) -> None:
    with pytest.raises(NotFound):
        verb(session, uuid4(), now=business_now(session), source="staff")


@pytest.mark.parametrize("verb", [suspend_contract, resume_contract])
def test_an_ended_contract_stays_ended(session: Session, it: Standing, verb: Verb) -> None:
    _do(session, end_contract, it)

    with pytest.raises(Refused):
        _do(session, verb, it)
    assert it.contract(session).status == "ended"


@pytest.mark.parametrize("verb", [suspend_contract, resume_contract])
def test_a_draft_is_neither_suspended_nor_resumed(session: Session, verb: Verb) -> None:
    it, _ = begin_first_payment(session)

    with pytest.raises(Refused):
        _do(session, verb, it)


def test_resuming_what_runs_changes_nothing(session: Session, it: Standing) -> None:
    told = len(session.scalars(select(OutboxMessage.id)).all())
    resume_contract(session, it.contract_id, now=business_now(session), source="staff")
    session.flush()

    assert (it.contract(session).status, it.payment(session).status) == ("active", "created")
    assert len(session.scalars(select(OutboxMessage.id)).all()) == told
