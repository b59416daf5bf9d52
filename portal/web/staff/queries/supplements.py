"""What was asked for once beside a contract: the invoices of the contracts that supplement it. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession
from payments.contracts.models import Contract
from payments.invoicing.models import Invoice


@dataclass(frozen=True, slots=True)
class Supplement:
    """An invoice for once."""

    invoice_id: UUID
    number: str
    title: str
    kopecks: int
    status: str
    due_on: date


def supplements_of(session: ReadSession, contract_id: UUID) -> list[Supplement]:
    """The newest first."""
    rows = session.execute(
        select(Invoice.id, Invoice.number, Contract.title, Invoice.kopecks, Invoice.status, Invoice.due_on)
        .join(Contract, Contract.id == Invoice.contract_id)
        .where(Contract.base_id == contract_id)
        .order_by(Invoice.id.desc())
    )
    return [Supplement(*row) for row in rows]


def base_number(session: ReadSession, base_id: UUID | None) -> str:
    """The number of the contract that another one supplements; empty for none."""
    found = select(Contract.number).where(Contract.id == base_id)
    return session.execute(found).scalar_one_or_none() or "" if base_id else ""
