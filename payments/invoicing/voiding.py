"""Voiding: an invoice asks for nothing any more, and the ledger forgets that it did by an exact reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select, update

from kernel import outbox
from kernel.db import Session
from payments.charging.models import LIVE, Allocation, Payment
from payments.contracts.models import Installment
from payments.events import InvoiceVoided
from payments.history.noting import note_statuses
from payments.invoicing.models import Invoice
from payments.ledger.posting import invoice_voided, post


def void_invoices(
    session: Session, invoice_ids: Sequence[UUID], *, line_status: str, source: str, now: datetime
) -> list[Invoice]:
    """Void those of these invoices that may be voided, their due lines becoming void or skipped; return them.

    An invoice that is not open, has a live payment, or of which a part is paid stays as it is. `source` goes into the
    history. Money that comes in later all the same is the customer's advance.
    """
    if not invoice_ids:
        return []
    invoices = _lock(session, invoice_ids)
    untouchable = _with_money(session, [invoice.id for invoice in invoices])
    voided = [invoice for invoice in invoices if invoice.id not in untouchable]
    for invoice in voided:
        invoice.status, invoice.voided_at = "void", now
    session.flush()  # the invoices before their lines: the order of locks
    lines = [invoice.installment_id for invoice in voided]
    session.execute(update(Installment).where(Installment.id.in_(lines)).values(status=line_status, charge_at=None))
    post(session, [invoice_voided(it.id, it.customer_id, it.contract_id, it.kopecks) for it in voided])
    note_statuses(session, [("invoice", invoice.id, "open", "void") for invoice in voided], source=source)
    note_statuses(session, [("installment", line, "invoiced", line_status) for line in lines], source=source)
    outbox.record(session, *(InvoiceVoided(invoice.id) for invoice in voided))
    return voided


def _lock(session: Session, ids: Sequence[UUID]) -> Sequence[Invoice]:
    # The lines too: whoever is about to write a payment holds one or the other.
    invoices = session.scalars(
        select(Invoice)
        .where(Invoice.id.in_(ids), Invoice.status == "open")
        .order_by(Invoice.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    lines = [invoice.installment_id for invoice in invoices]
    session.execute(
        select(Installment.id).where(Installment.id.in_(lines)).order_by(Installment.id).with_for_update(key_share=True)
    ).all()
    return invoices


def _with_money(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    # Asked after the locks, in a statement of its own: it sees the payments that were written until then.
    coming = exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE))
    come = exists().where(Allocation.invoice_id == Invoice.id)
    return set(session.scalars(select(Invoice.id).where(Invoice.id.in_(ids), or_(coming, come))).all())
