"""Lines that no notice announces under the present permission: their charge is announced at its own time.

So it is with a line that was issued early for a customer who then did not pay.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, select

from kernel.clock import Wait
from kernel.db import Session
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice, PaymentMethod
from payments.autopay.notices import announce
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.charging.models import LIVE, PARTLY_PAID, Payment
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
        ~PARTLY_PAID,
        exists()
        .where(
            Autopay.contract_id == Installment.contract_id,
            Autopay.status == "active",
            Autopay.changed_at < Installment.issue_at,
            PaymentMethod.id == Autopay.method_id,
            PaymentMethod.unlinked_at.is_(None),
            PaymentMethod.disabled_reason.is_(None),
            IN_OUR_SHOP,
            ~exists().where(Notice.installment_id == Installment.id, NOTICE_COUNTS).correlate(Installment, Autopay),
        )
        .correlate(Installment),
        ~exists()
        .where(Invoice.installment_id == Installment.id, Invoice.id == Payment.invoice_id, Payment.status.in_(LIVE))
        .correlate(Installment),
    ),
)


def announce_untold(session: Session, *, now: datetime) -> int:
    """Announce one batch and say how many lines got a notice. Two schedulers at once are harmless."""
    locked = session.scalars(
        select(Installment.id)
        .where(TO_ANNOUNCE.due())
        .order_by(Installment.id)
        .limit(_BATCH)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    # Asked again under the lock: another scheduler may have announced one of these a moment before.
    lines = session.scalars(select(Installment.id).where(Installment.id.in_(locked), TO_ANNOUNCE.where)).all()
    return len(announce(session, lines, now=now))
