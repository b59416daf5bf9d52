"""Notices: a charge is announced, and waits until its letter has really left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from kernel import outbox
from kernel.clock import business_date, start_of
from kernel.db import Session, insert_rows
from kernel.ids import uuid7
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice, PaymentMethod
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.charging.models import PARTLY_PAID
from payments.contracts.models import Installment
from payments.contracts.planning import notice_time
from payments.events import ChargeAnnounced, InvoiceIssued
from payments.invoicing.models import Invoice


def announce(session: Session, installment_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Write a notice for each of these lines that will be charged by itself; return the lines that a letter tells of.

    The announced date is the due date, or the first one that leaves room for the notice. Where the card was saved in
    another shop than the present one, the invoice is asked for by hand instead.
    """
    rows = session.execute(
        select(Installment, Autopay.method_id, IN_OUR_SHOP.label("in_our_shop"))
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(
            Installment.id.in_(installment_ids),
            Installment.status == "invoiced",
            ~PARTLY_PAID,
            Autopay.status == "active",
            PaymentMethod.unlinked_at.is_(None),
            PaymentMethod.disabled_reason.is_(None),
        )
    ).all()
    _announce(session, [(row.Installment, row.method_id) for row in rows if row.in_our_shop], now)
    _ask_to_pay(session, [row.Installment.id for row in rows if not row.in_our_shop])
    return {row.Installment.id for row in rows}


def _announce(session: Session, lines: Sequence[tuple[Installment, UUID]], now: datetime) -> None:
    if not lines:
        return
    earliest = business_date(now + notice_time(session))
    ids = [uuid7() for _ in lines]
    notices = [
        {
            "id": notice_id,
            "installment_id": installment.id,
            "method_id": method_id,
            "kopecks": installment.kopecks,
            "charge_on": max(installment.due_on, earliest),
        }
        for notice_id, (installment, method_id) in zip(ids, lines, strict=True)
    ]
    insert_rows(session, Notice, notices)
    outbox.record(session, *(ChargeAnnounced(notice_id) for notice_id in ids))


def _ask_to_pay(session: Session, line_ids: Sequence[UUID]) -> None:
    # Announced, such a charge would be refused on its day, and again in every period.
    if line_ids:
        invoices = session.scalars(select(Invoice.id).where(Invoice.installment_id.in_(line_ids))).all()
        outbox.record(session, *(InvoiceIssued(invoice_id) for invoice_id in invoices))


def announce_invoices(session: Session, invoice_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Announce the charge of these invoices afresh, where an autopay still allows it; return the lines told of."""
    lines = session.scalars(select(Invoice.installment_id).where(Invoice.id.in_(invoice_ids))).all()
    return announce(session, lines, now=now)


def mark_notice_sent(session: Session, notice_id: UUID, *, now: datetime) -> None:
    """The letter was accepted at `now`: the charge may follow one notice later, not before its due date.

    A letter that left too late for the date which it names is followed by another notice. One that was called off
    meanwhile, that a newer notice overtook, or of whose sum a part has come by now, arms nothing.
    """
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.sent_at is not None:
        return
    notice.sent_at = now
    if not _stands(session, notice):
        return
    earliest = max(start_of(notice.charge_on), now + notice_time(session))
    if business_date(earliest) > notice.charge_on:
        announce(session, [notice.installment_id], now=now)
        return
    session.execute(
        update(Installment)
        .where(Installment.id == notice.installment_id, Installment.status == "invoiced")
        .values(charge_at=earliest)
    )


def renew_late(session: Session, notice_id: UUID, *, now: datetime) -> bool:
    """Announce afresh what a notice that has not left cannot promise any more: its day is nearer than a notice's time.

    Says whether it is so; then its letter, which the caller has in hand, must not leave.
    """
    notice = session.get_one(Notice, notice_id)
    if notice.sent_at is not None or business_date(now + notice_time(session)) <= notice.charge_on:
        return False
    newer = select(Notice.id).where(Notice.installment_id == notice.installment_id, Notice.id > notice.id)
    if session.execute(newer.limit(1)).first() is None:
        announce(session, [notice.installment_id], now=now)
    return True


def _stands(session: Session, notice: Notice) -> bool:
    # Shared with whoever stops: either the stop is seen here, or it undoes what this transaction arms.
    later = aliased(Notice)
    overtaken = exists().where(later.installment_id == Notice.installment_id, later.id > Notice.id).correlate(Notice)
    found = session.execute(
        select(Notice.id)
        .join(Installment, Installment.id == Notice.installment_id)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .where(Notice.id == notice.id, NOTICE_COUNTS, ~PARTLY_PAID, ~overtaken)
        .with_for_update(of=Autopay, read=True)
    )
    return found.first() is not None
