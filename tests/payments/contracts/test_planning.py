"""The line after a paid one is planned whatever its contract is doing; only an end of the contract ends its lines."""

from __future__ import annotations

from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import Session
from payments.autopay.ending import end_contract, resume_contract, suspend_contract
from payments.charging.applying import apply
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Installment, PaymentPlan
from payments.contracts.planning import upcoming_dates
from payments.invoicing.issue import issue_due
from tests.support.business import Agreement
from tests.support.gateway_objects import says
from tests.support.standing import Standing, begin_first_payment, make_standing, pay_first


def _lines(session: Session, it: Standing | Agreement) -> list[str]:
    rows = select(Installment.status).where(Installment.contract_id == it.contract_id).order_by(Installment.number)
    return list(session.scalars(rows))


def _suspend(session: Session, it: Standing | Agreement) -> None:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")


def _resume(session: Session, it: Standing | Agreement) -> None:
    resume_contract(session, it.contract_id, now=business_now(session), source="staff")


def _pay_by_hand(session: Session, it: Standing) -> None:
    customer_id, now = it.agreement.customer_id, business_now(session)
    checkout = prepare_checkout(session, it.due.invoice_id, customer_id=customer_id, consent_id=None, now=now)
    came = says(session, session.get_one(Payment, checkout.payment_id), "succeeded", method=None)
    apply(session, [came], source="webhook", now=now)


def test_an_invoice_paid_during_a_suspension_plans_the_line_that_follows_the_resumption(session: Session) -> None:
    it = make_standing(session)
    _suspend(session, it)

    _pay_by_hand(session, it)
    assert _lines(session, it) == ["paid", "paid", "planned"]
    assert issue_due(session, now=business_now(session)) == 0
    _resume(session, it)

    assert _lines(session, it) == ["paid", "paid", "planned"]


def test_a_charge_that_succeeds_after_the_suspension_plans_the_line_that_follows(session: Session) -> None:
    it = make_standing(session)
    it.payment(session).status = "sending"
    session.flush()
    _suspend(session, it)

    apply(session, [says(session, it.payment(session), "succeeded")], source="answer", now=business_now(session))
    _resume(session, it)

    assert _lines(session, it) == ["paid", "paid", "planned"]


def test_the_line_planned_during_a_suspension_is_issued_only_after_it(session: Session) -> None:
    it, payment = begin_first_payment(session, draft=False)
    _suspend(session, it)
    pay_first(session, payment)
    session.execute(
        update(Installment)
        .where(Installment.contract_id == it.contract_id, Installment.status == "planned")
        .values(issue_at=func.business_now())
    )

    assert issue_due(session, now=business_now(session)) == 0
    _resume(session, it)

    assert issue_due(session, now=business_now(session)) == 1


def test_an_invoice_paid_after_the_end_plans_nothing(session: Session) -> None:
    it = make_standing(session)
    end_contract(session, it.contract_id, now=business_now(session), source="staff")

    _pay_by_hand(session, it)

    assert _lines(session, it) == ["paid", "paid"]


def test_a_plan_has_dates_to_come_and_a_one_off_has_none(session: Session) -> None:
    it = make_standing(session)
    plan = session.scalars(select(PaymentPlan).where(PaymentPlan.contract_id == it.contract_id)).one()
    assert len(upcoming_dates(plan, 1, 3)) == 3

    assert upcoming_dates(PaymentPlan(kind="one_off", anchor_on=plan.anchor_on), 1, 3) == []
