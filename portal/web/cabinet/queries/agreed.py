"""Consents that no autopay has come of yet: their first payment is still on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession, Session
from payments.autopay.models import Consent
from payments.charging.models import LIVE, Payment
from payments.contracts.models import Contract
from portal.web.cabinet.queries.payment import taken_back


@dataclass(frozen=True, slots=True)
class Agreed:
    """A living consent to automatic charges, and the payment that would save the card for them."""

    contract_id: UUID
    contract_number: str
    title: str
    at: datetime
    kopecks: int
    return_token: str


def read_agreed(
    session: Session | ReadSession, customer_ids: Sequence[UUID], *, contract_id: UUID | None = None
) -> list[Agreed]:
    """Those of these customers, or of one contract of theirs; the oldest first."""
    statement = (
        select(
            Payment.contract_id,
            Contract.number.label("contract_number"),
            Contract.title,
            Consent.at,
            Payment.kopecks,
            Payment.return_token,
        )
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Consent, Consent.id == Payment.consent_id)
        .where(
            Payment.customer_id.in_(customer_ids),
            Payment.status.in_(LIVE),
            Payment.saves_method,
            Payment.return_token.is_not(None),
            ~taken_back(),
        )
        .order_by(Payment.number)
    )
    if contract_id:
        statement = statement.where(Payment.contract_id == contract_id)
    return [Agreed(**row) for row in session.execute(statement).mappings()]
