"""A purchase that nobody pays lapses: its invoice is voided and its draft contract ends, as if never begun."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, select

from kernel import log
from kernel.clock import Wait, start_of
from kernel.db import Session
from payments.autopay.ending import end_contract
from payments.charging.models import LIVE, Payment
from payments.contracts.models import Contract
from payments.invoicing.models import Invoice
from payments.invoicing.voiding import void_invoices

_log = log.get(__name__)
_BATCH = 100
# Three whole days after the due date: who chose on a Friday may still come back after the weekend. The gateway's page
# lives for an hour, so nobody is on his way to pay by then; if one is, his live payment holds the invoice open.
_PATIENCE = timedelta(days=4)
_SOURCE = "lapse"

TO_LAPSE = Wait(
    "invoices.lapses_at",
    Invoice.lapses_at,
    and_(
        Invoice.status == "open",
        exists().where(Contract.id == Invoice.contract_id, Contract.status == "draft").correlate(Invoice),
        ~exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).correlate(Invoice),
    ),
)


def lapse_instant(due_on: date) -> datetime:
    """When the unpaid invoice of a draft contract with this due date gives up waiting, aware UTC."""
    return start_of(due_on + _PATIENCE)


def lapse_unpaid(session: Session, *, now: datetime) -> int:
    """Void one batch of lapsed purchases and say how many. Two schedulers at once are harmless."""
    ids = session.scalars(select(Invoice.id).where(TO_LAPSE.due()).order_by(Invoice.lapses_at).limit(_BATCH)).all()
    voided = void_invoices(session, ids, line_status="void", source=_SOURCE, now=now)
    for contract_id in sorted(invoice.contract_id for invoice in voided):
        end_contract(session, contract_id, now=now, source=_SOURCE)
    for invoice in voided:
        _log.info("invoice.lapsed", invoice_id=str(invoice.id))
    return len(voided)
