"""Due charges made ready for tests that are about what happens when they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text, update

from kernel.clock import business_date, business_now, refresh, set_shift
from kernel.db import Session, begin
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.autopay.notices import mark_notice_sent
from payments.charging.charging import charge
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.contracts.models import Installment, PaymentPlan
from payments.contracts.planning import notice_time, plan_lines
from payments.invoicing.issue import issue_due
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.world import World

_NOTICE_AGO = timedelta(hours=73)


@dataclass(frozen=True)
class DueCharge:
    """A payment that waits to be sent."""

    payment_id: UUID
    contract_id: UUID
    method_id: UUID
    invoice_id: UUID


def next_day() -> None:
    """Move business time a day on: a contract is charged for one period a day at most."""
    with begin() as session:
        set_shift(session, refresh() + timedelta(days=1))


def make_announced(session: Session, agreements: list[Agreement]) -> None:
    """Give each of these contracts a line that is due now and was announced in time."""
    now = business_now(session)
    contracts = [it.contract_id for it in agreements]
    for plan in session.scalars(select(PaymentPlan).where(PaymentPlan.contract_id.in_(contracts))):
        _bring_forward(session, plan)
    session.flush()
    while issue_due(session, now=now - _NOTICE_AGO):
        pass
    for notice in session.scalars(select(Notice.id).where(Notice.sent_at.is_(None))).all():
        mark_notice_sent(session, notice, now=now - _NOTICE_AGO)
    session.flush()
    session.execute(
        update(Installment).where(Installment.charge_at > func.business_now()).values(charge_at=func.business_now())
    )


def make_due(session: Session, agreements: list[Agreement]) -> list[DueCharge]:
    """Give each of these contracts a due line that was announced in time, and write its payment."""
    make_announced(session, agreements)
    create_due_payments(session, now=business_now(session))
    contracts = [it.contract_id for it in agreements]
    rows = session.execute(
        select(Payment.id, Payment.contract_id, Payment.method_id, Payment.invoice_id).where(
            Payment.contract_id.in_(contracts), Payment.status == "created"
        )
    ).all()
    return [DueCharge(row.id, row.contract_id, row.method_id, row.invoice_id) for row in rows]


def _bring_forward(session: Session, plan: PaymentPlan) -> None:
    """The next line of the plan falls due today."""
    now = business_now(session)
    last = session.execute(select(func.max(Installment.number)).where(Installment.plan_id == plan.id)).scalar_one()
    planned = select(Installment.id).where(Installment.plan_id == plan.id, Installment.status == "planned")
    if session.execute(planned).first() is None:
        plan_lines(session, [(plan, last + 1)], notice_time(session))
    session.execute(
        update(Installment)
        .where(Installment.plan_id == plan.id, Installment.status == "planned")
        .values(issue_at=now - timedelta(hours=1), due_on=business_date(now))
    )


def activate_again(session: Session) -> None:
    """Undo every stop, as if each customer had agreed anew with the same card."""
    session.execute(update(PaymentMethod).values(unlinked_at=None))
    session.execute(update(Autopay).values(status="active", held_at=None))


def one_due_charge(world: World) -> DueCharge:
    """A customer who has agreed and paid once, and whose next charge is due now; no hint at it is on its way."""
    return due_charges(world, 1)[0]


def due_charges(world: World, count: int) -> list[DueCharge]:
    """The same of so many customers."""
    with begin() as session:
        agreements = [make_agreement(session, draft=True, email=f"anna{n or ''}@example.com") for n in range(count)]
    for it in agreements:
        pay_with_consent(it)
    world.play(advance="PT20M")
    world.jump("P1D")
    with begin() as session:
        due = make_due(session, agreements)
        session.execute(text("DELETE FROM outbox_messages WHERE topic = 'hint' AND dispatched_at IS NULL"))
    return due


def ask_now(payment_id: UUID) -> None:
    """The payment's next look is due at once."""
    with begin() as session:
        session.execute(
            update(Payment).where(Payment.id == payment_id).values(next_check_at=func.business_now(), lease_until=None)
        )


def one_unknown_charge(world: World, fault: str) -> DueCharge:
    """A charge whose only send met this fault: nobody here knows what became of it. Its next look is due."""
    due = one_due_charge(world)
    world.fail(system="yookassa", match={"method": "POST"}, kind=fault, times=1)
    charge([str(due.payment_id)])
    assert sender().wait_idle(30)
    with begin() as session:
        assert session.get_one(Payment, due.payment_id).status == "unknown"
    ask_now(due.payment_id)
    return due
