"""Where money belongs that the gateway took and we have no payment for. Nothing here guesses: what is not plain, is nobody's.

A payment of ours that a restored backup does not know names its invoice, or at least its contract. There it pays the
oldest unpaid line that had no invoice yet when it was made: its own invoice is the one that was lost, and that line would
be charged a second time. What another program made with a contract of ours in its metadata is not ours for that. What was
made in the gateway's cabinet may name an invoice or a contract in its description: it counts when all documents that may
be meant are one customer's, and exactly one open invoice of them asks for exactly this sum. An invoice of a contract
that was not here yet when the money came is not offered: imported contracts keep their numbers, and old money named them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ScalarSelect, and_, exists, func, or_, select

from kernel.db import Session
from payments.charging.models import Allocation
from payments.contracts.models import Contract, Installment
from payments.gateway.port import CONTRACT, INVOICE
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.reconciliation.models import SeenPayment

_UNPAID = ("planned", "invoiced")
# The gateway's clock and ours.
_CLOCKS_DIFFER_BY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Place:
    """An invoice, or a line that is not invoiced yet."""

    invoice_id: UUID | None
    line_id: UUID | None = None

    def invoice(self, session: Session, *, now: datetime) -> Invoice:
        """The invoice, issued now if there was only the line. Nobody is told of it: it is paid in the same moment."""
        if self.line_id:
            return issue_now(session, self.line_id, now=now)
        return session.get_one(Invoice, self.invoice_id)


def find_place(session: Session, seen: SeenPayment) -> Place | None:
    """Where this payment belongs, None where it is not plain."""
    if seen.names_us:
        # Never by the number in its description: what was lost may have been given to somebody else since.
        return _its_invoice(session, seen) or _its_contract(session, seen)
    return _by_number(session, seen)


def invoice_of_number(session: Session, shop_id: UUID, number: str) -> UUID | None:
    """The invoice of this number that the shop's legal entity issued, whatever its status."""
    return session.scalars(
        select(Invoice.id)
        .join(Shop, Shop.legal_entity_id == Invoice.legal_entity_id)
        .where(Shop.id == shop_id, Invoice.number == number, Invoice.status != "draft")
    ).one_or_none()


def _its_invoice(session: Session, seen: SeenPayment) -> Place | None:
    known = seen.invoice_id and session.get(Invoice, seen.invoice_id)
    return Place(seen.invoice_id) if known else None


def _its_contract(session: Session, seen: SeenPayment) -> Place | None:
    if seen.contract_id is None:
        return None
    was_invoiced = exists().where(Invoice.installment_id == Installment.id, Invoice.created_at < seen.created_at)
    line = session.execute(
        select(Installment.id)
        .where(Installment.contract_id == seen.contract_id, Installment.status.in_(_UNPAID))
        .order_by(was_invoiced, Installment.number)
        .limit(1)
    ).scalar_one_or_none()
    if line:
        invoice = session.scalars(select(Invoice.id).where(Invoice.installment_id == line)).one_or_none()
        return Place(invoice, line)
    last = session.scalars(
        select(Invoice.id).where(Invoice.contract_id == seen.contract_id).order_by(Invoice.id.desc()).limit(1)
    ).first()
    return Place(last) if last else None


def _by_number(session: Session, seen: SeenPayment) -> Place | None:
    if not seen.numbers:
        return None
    named = _Named.by(seen)
    if len(_owners(session, seen, named)) != 1:
        return None
    counted = (
        select(func.coalesce(func.sum(Allocation.kopecks), 0))
        .where(Allocation.invoice_id == Invoice.id)
        .scalar_subquery()
    )
    came_at = seen.created_at + _CLOCKS_DIFFER_BY
    matching = session.scalars(
        select(Invoice.id)
        .join(Contract, Contract.id == Invoice.contract_id)
        .where(
            Invoice.legal_entity_id == _payee(seen),
            or_(
                and_(Invoice.number.in_(named.invoices), Invoice.created_at <= came_at),
                and_(Contract.number.in_(named.contracts), Contract.created_at <= came_at),
            ),
            Invoice.status == "open",
            Invoice.kopecks - counted == seen.kopecks,
        )
        .limit(2)
    ).all()
    return Place(matching[0]) if len(matching) == 1 else None


@dataclass(frozen=True, slots=True)
class _Named:
    """Numbers that may be an invoice's, and such that may be a contract's; without a word before it one may be either."""

    invoices: list[str]
    contracts: list[str]

    @classmethod
    def by(cls, seen: SeenPayment) -> _Named:
        said = [it.rpartition(" ")[::2] for it in seen.numbers]
        return cls(
            [number for word, number in said if word != CONTRACT], [number for word, number in said if word != INVOICE]
        )


def _payee(seen: SeenPayment) -> ScalarSelect[UUID]:
    # Whose money it is, in whatever shop of theirs: a contract bears that of its first day.
    return select(Shop.legal_entity_id).where(Shop.id == seen.shop_id).scalar_subquery()


def _owners(session: Session, seen: SeenPayment, named: _Named) -> set[UUID]:
    """Whose documents may be meant, in whatever state they are: numbers of both kinds look alike and begin alike."""
    invoices = select(Invoice.customer_id).where(
        Invoice.legal_entity_id == _payee(seen), Invoice.number.in_(named.invoices)
    )
    contracts = select(Contract.customer_id).where(
        Contract.legal_entity_id == _payee(seen), Contract.number.in_(named.contracts)
    )
    return set(session.scalars(invoices.union(contracts)))
