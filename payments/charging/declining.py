"""What a canceled payment changes: when it is tried again, and whether its method is still good for anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import outbox
from kernel.db import Session
from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.stopping import suspend_autopays_of
from payments.charging.declines import retry_pause, rule_for
from payments.charging.models import CANCELED, Allocation, Payment
from payments.contracts.models import Installment
from payments.events import PaymentDeclined
from payments.gateway.port import GatewayPayment
from payments.invoicing.models import Invoice

Pair = tuple[Payment, GatewayPayment]


def settle_declined(session: Session, pairs: Sequence[Pair], *, now: datetime) -> None:
    """Record payments that the gateway reports as canceled; the rows are locked by `apply`."""
    if not pairs:
        return
    scheduled = [pair for pair in pairs if pair[0].initiator == "schedule"]
    _disable_methods(session, [pair for pair in scheduled if rule_for(pair[1].reason).disables], now)
    attempts = _attempts(session, [payment.invoice_id for payment, _ in scheduled])
    for payment, item in pairs:
        _mark(payment, item, now)
    permitted = _still_permitted(session, [payment for payment, _ in scheduled])
    for payment, item in scheduled:
        pause = retry_pause(item.reason, attempts.get(payment.invoice_id, 0) + 1)
        payment.next_attempt_at = now + pause if pause and payment.id in permitted else None
    session.flush()  # payments before installments: the order of locks
    for payment, _ in scheduled:
        _wait_for_next_attempt(session, payment)
    outbox.record(session, *(PaymentDeclined(payment.id) for payment, _ in pairs))


def _mark(payment: Payment, item: GatewayPayment, now: datetime) -> None:
    payment.status = CANCELED
    payment.gateway_id = item.gateway_id
    payment.party, payment.reason = item.party, item.reason
    payment.decided_at = now
    payment.lease_until = payment.next_check_at = None
    if item.method:
        payment.paid_with, payment.last4 = item.method.kind, item.method.last4


def _still_permitted(session: Session, payments: Sequence[Payment]) -> set[UUID]:
    # A decline that comes in after the customer stopped, or has paid a part, must not promise, or begin, another attempt.
    autopays = session.execute(
        select(Autopay.id, Autopay.method_id).where(
            Autopay.id.in_([payment.autopay_id for payment in payments]), Autopay.status == "active"
        )
    ).all()
    active = {row.id: row.method_id for row in autopays}
    begun = set(
        session.scalars(
            select(Allocation.invoice_id).where(Allocation.invoice_id.in_([payment.invoice_id for payment in payments]))
        )
    )
    return {
        p.id
        for p in payments
        if p.autopay_id in active and active[p.autopay_id] == p.method_id and p.invoice_id not in begun
    }


def _attempts(session: Session, invoice_ids: Sequence[UUID]) -> dict[UUID, int]:
    # Only scheduled attempts count: a declined try of the customer's own never eats the retry budget.
    rows = session.execute(
        select(Payment.invoice_id, func.count())
        .where(Payment.invoice_id.in_(invoice_ids), Payment.initiator == "schedule", Payment.status == CANCELED)
        .group_by(Payment.invoice_id)
    ).all()
    return {row[0]: row[1] for row in rows}


def _disable_methods(session: Session, pairs: Sequence[Pair], now: datetime) -> None:
    for payment, item in pairs:
        if payment.method_id is None:
            continue
        suspend_autopays_of(session, payment.method_id, now=now)
        session.execute(
            update(PaymentMethod)
            .where(PaymentMethod.id == payment.method_id, PaymentMethod.disabled_reason.is_(None))
            .values(disabled_reason=item.reason)
        )


def _wait_for_next_attempt(session: Session, payment: Payment) -> None:
    line = select(Invoice.installment_id).where(Invoice.id == payment.invoice_id).scalar_subquery()
    session.execute(
        update(Installment)
        .where(Installment.id == line, Installment.status == "invoiced")
        .values(charge_at=payment.next_attempt_at)
    )
