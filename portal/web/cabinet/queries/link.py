"""The link by which the invoice of a payment is paid without a login."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession
from payments.charging.models import Payment
from payments.invoicing.links import find_pay_link


def link_of_payment(session: ReadSession, return_token: str, *, not_of: Sequence[UUID]) -> str | None:
    """The link of the invoice that the payment with this return page pays; None where there is none.

    Nor is there one for the payment's own customers: `not_of` see the cabinet's page.
    """
    row = session.execute(
        select(Payment.invoice_id, Payment.customer_id).where(Payment.return_token == return_token)
    ).first()
    if row is None or row.customer_id in not_of:
        return None
    return find_pay_link(session, row.invoice_id)
