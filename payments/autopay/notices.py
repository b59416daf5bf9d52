"""Notices: a charge is announced, and waits until its letter has really left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from kernel import outbox
from kernel.clock import business_date, start_of
from kernel.db import Session
from kernel.ids import uuid7
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.contracts.models import Installment
from payments.contracts.planning import notice_time
from payments.events import ChargeAnnounced
from payments.invoicing.models import Invoice


def announce(session: Session, installment_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Write a notice for each of these lines that will be charged by itself; return the lines announced.

    The announced date is the due date, or the first one that leaves room for the notice.
    """
    rows = session.execute(
        select(Installment, Autopay.method_id)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(
            Installment.id.in_(installment_ids),
            Installment.status == "invoiced",
            Autopay.status == "active",
            PaymentMethod.unlinked_at.is_(None),
            PaymentMethod.disabled_reason.is_(None),
        )
    ).all()
    if not rows:
        return set()
    earliest = business_date(now + notice_time(session))
    ids = [uuid7() for _ in rows]
    notices = [
        {
            "id": notice_id,
            "installment_id": installment.id,
            "method_id": method_id,
            "kopecks": installment.kopecks,
            "charge_on": max(installment.due_on, earliest),
        }
        for notice_id, (installment, method_id) in zip(ids, rows, strict=True)
    ]
    session.execute(insert(Notice), notices)
    outbox.record(session, *(ChargeAnnounced(notice_id) for notice_id in ids))
    return {installment.id for installment, _ in rows}


def announce_invoices(session: Session, invoice_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Announce the charge of these invoices afresh, where an autopay still allows it; return their lines."""
    lines = session.scalars(select(Invoice.installment_id).where(Invoice.id.in_(invoice_ids))).all()
    return announce(session, lines, now=now)


def mark_notice_sent(session: Session, notice_id: UUID, *, now: datetime) -> None:
    """The letter was accepted at `now`: the charge may follow one notice later, not before its due date."""
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.sent_at is not None:
        return
    notice.sent_at = now
    earliest = max(start_of(notice.charge_on), now + notice_time(session))
    session.execute(
        update(Installment)
        .where(
            Installment.id == notice.installment_id,
            Installment.status == "invoiced",
            select(Autopay.id)
            .where(Autopay.contract_id == Installment.contract_id, Autopay.status == "active")
            .exists(),
        )
        .values(charge_at=earliest)
    )
