"""Lines that were issued early for a customer who then did not pay: their charge is announced at its own time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, select

from kernel.clock import Wait
from kernel.db import Session
from payments.autopay.models import Autopay, Notice
from payments.autopay.notices import announce
from payments.charging.models import LIVE, Payment
from payments.contracts.models import Installment
from payments.invoicing.models import Invoice

_BATCH = 100
# Debts from before the autopay are not among them: the consent says that they are paid by hand.
TO_ANNOUNCE = Wait(
    "installments.untold",
    Installment.issue_at,
    and_(
        Installment.status == "invoiced",
        Installment.charge_at.is_(None),
        exists()
        .where(
            Autopay.contract_id == Installment.contract_id,
            Autopay.status == "active",
            Autopay.changed_at < Installment.issue_at,
        )
        .correlate(Installment),
        ~exists().where(Notice.installment_id == Installment.id).correlate(Installment),
        ~exists()
        .where(Invoice.installment_id == Installment.id, Invoice.id == Payment.invoice_id, Payment.status.in_(LIVE))
        .correlate(Installment),
    ),
)


def announce_untold(session: Session, *, now: datetime) -> int:
    """Announce one batch and say how many lines got a notice."""
    lines = session.scalars(
        select(Installment.id).where(TO_ANNOUNCE.due()).order_by(Installment.id).limit(_BATCH)
    ).all()
    return len(announce(session, lines, now=now))
