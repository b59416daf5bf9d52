"""What the page of the proof shows: the last readings of the gateway's lists, and where they differ from our books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.installation.models import Shop
from payments.invoicing.models import Invoice
from payments.reconciliation.models import DONE, Difference, Reconciliation, SeenPayment


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One difference, with the names of what it is about: by its invoice, our payment, or what the gateway's names.

    `named` are numbers of documents that the description at the gateway names, each after its word, if any. Of another
    shop than the settings' no button repairs anything.
    """

    id: UUID
    kind: str
    gateway_id: str
    happened_at: datetime
    found_at: datetime
    our_status: str | None
    our_kopecks: int | None
    their_status: str | None
    their_kopecks: int | None
    repair: str | None
    resolved_at: datetime | None
    resolution: str | None
    payment_id: UUID | None
    payment_number: int | None
    invoice_id: UUID | None
    invoice_number: str | None
    invoice_status: str | None
    contract_id: UUID | None
    contract_number: str | None
    customer_id: UUID | None
    customer_name: str | None
    named: list[str] | None
    other_shop: bool

    @property
    def numbers(self) -> list[str]:
        """The numbers alone."""
        return [it.rpartition(" ")[2] for it in self.named or ()]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the lists."""

    status: str
    deep: bool
    since_at: datetime
    until_at: datetime
    finished_at: datetime | None
    payments: int
    refunds: int
    error: str | None


def open_differences(session: ReadSession, *, limit: int) -> list[DifferenceRow]:
    """Those that wait for somebody, the newest first."""
    wanted = _rows().where(Difference.resolved_at.is_(None))
    found = session.execute(wanted.order_by(Difference.happened_at.desc(), Difference.id.desc()).limit(limit))
    return [DifferenceRow(*row) for row in found]


def resolved_differences(session: ReadSession, *, limit: int) -> list[DifferenceRow]:
    """What became of the last ones."""
    wanted = _rows().where(Difference.resolved_at.is_not(None))
    found = session.execute(wanted.order_by(Difference.resolved_at.desc(), Difference.id.desc()).limit(limit))
    return [DifferenceRow(*row) for row in found]


def read_difference(session: ReadSession, difference_id: UUID) -> DifferenceRow:
    """One of them.

    Raises:
        NotFound: no such difference.
    """
    row = session.execute(_rows().where(Difference.id == difference_id)).one_or_none()
    if row is None:
        raise NotFound
    return DifferenceRow(*row)


def count_differences(session: ReadSession | Session) -> tuple[int, int]:
    """How many are open, and how many of these a button repairs."""
    row = session.execute(
        select(func.count(), func.count(Difference.repair).filter(_of_this_shop()))
        .select_from(Difference)
        .join(Shop, Shop.id == Difference.shop_id)
        .where(Difference.resolved_at.is_(None))
    ).one()
    return int(row[0]), int(row[1])


def last_readings(session: ReadSession, *, limit: int) -> list[Reading]:
    """The last readings, the newest first."""
    return [Reading(*row) for row in session.execute(_readings().limit(limit))]


def last_done(session: ReadSession) -> Reading | None:
    """The last reading that was brought to its end."""
    row = session.execute(_readings().where(Reconciliation.status == DONE).limit(1)).one_or_none()
    return Reading(*row) if row else None


def _readings() -> Select[*tuple[Any, ...]]:
    return select(
        Reconciliation.status,
        Reconciliation.deep,
        Reconciliation.since_at,
        Reconciliation.until_at,
        Reconciliation.finished_at,
        Reconciliation.payments,
        Reconciliation.refunds,
        Reconciliation.error,
    ).order_by(Reconciliation.id.desc())


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Difference.id,
            Difference.kind,
            Difference.gateway_id,
            Difference.happened_at,
            Difference.found_at,
            Difference.our_status,
            Difference.our_kopecks,
            Difference.their_status,
            Difference.their_kopecks,
            case((_of_this_shop(), Difference.repair)),
            Difference.resolved_at,
            Difference.resolution,
            Difference.payment_id,
            Payment.number,
            Invoice.id,
            Invoice.number,
            Invoice.status,
            Contract.id,
            Contract.number,
            Customer.id,
            Customer.name,
            SeenPayment.numbers,
            ~_of_this_shop(),
        )
        .select_from(Difference)
        .join(Shop, Shop.id == Difference.shop_id)
        .outerjoin(Payment, Payment.id == Difference.payment_id)
        .outerjoin(SeenPayment, SeenPayment.gateway_id == Difference.gateway_id)
        .outerjoin(Invoice, Invoice.id == func.coalesce(Difference.invoice_id, SeenPayment.invoice_id))
        .outerjoin(
            Contract, Contract.id == func.coalesce(Invoice.contract_id, Payment.contract_id, SeenPayment.contract_id)
        )
        .outerjoin(
            Customer, Customer.id == func.coalesce(Invoice.customer_id, Payment.customer_id, Contract.customer_id)
        )
    )


def _of_this_shop() -> ColumnElement[bool]:
    return Shop.account_id == get_settings().yookassa_shop_id


def act_details(session: Session, difference: Difference) -> dict[str, Any]:
    """What the audit log keeps of an act on a difference; of money that was taken over also for which invoice."""
    number = session.scalar(select(Invoice.number).where(Invoice.id == difference.invoice_id))
    facts = {"kind": difference.kind, "gateway_id": difference.gateway_id, "kopecks": difference.their_kopecks}
    return facts | ({"invoice": number} if number else {})
