"""Announcements that reached nobody: when the customer's address changes, they are made again with a fresh date."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from kernel.db import Session
from payments.autopay.models import Notice
from payments.autopay.notices import announce
from payments.contracts.models import Contract, Installment
from payments.customers.models import Customer
from portal.notifications.models import Message


def announce_unheard(session: Session, customer_id: UUID, *, now: datetime) -> int:
    """Announce anew the charges whose last letter failed at another address; return how many."""
    later = aliased(Notice)
    unheard = session.scalars(
        select(Installment.id)
        .join(Contract, Contract.id == Installment.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .join(Notice, Notice.installment_id == Installment.id)
        .join(Message, Message.notice_id == Notice.id)
        .where(
            Customer.id == customer_id,
            Customer.email.is_not(None),
            Customer.email != Message.recipient,
            Installment.status == "invoiced",
            Notice.sent_at.is_(None),
            Message.status == "failed",
            ~select(later.id).where(later.installment_id == Installment.id, later.id > Notice.id).exists(),
        )
        .with_for_update(of=Installment)
    ).all()
    return len(announce(session, unheard, now=now)) if unheard else 0
