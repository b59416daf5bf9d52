"""Where customers are written to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession, Session
from payments.customers.models import Customer


def email_of(session: ReadSession | Session, customer_id: UUID) -> str | None:
    """The address of letters about contracts and payments: not that of a login, which the desk may have left behind."""
    return session.execute(select(Customer.email).where(Customer.id == customer_id)).scalar_one()
