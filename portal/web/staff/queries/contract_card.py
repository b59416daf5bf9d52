"""One contract: terms, autopay, due lines with their invoices, history. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from kernel.db import ReadSession
from kernel.errors import NotFound
from payments.autopay.models import Autopay, PaymentMethod
from payments.charging.models import LIVE, SUCCEEDED, Payment
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.contracts.planning import upcoming_dates
from payments.customers.models import Customer
from payments.history.models import StatusHistory
from payments.installation.models import LegalEntity
from payments.invoicing.models import Invoice
from portal.web.staff.queries.in_force import is_settled

_UPCOMING = 6


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What was agreed, with whom, and whether it is charged by itself.

    `held_at`: since when an employee holds the autopay. `unconfirmed_since`: it came from a backup at that time and waits
    for the customer's word. `base_id`: the contract that this one supplements.
    """

    id: UUID
    number: str
    title: str
    status: str
    settled: bool
    advance: str
    external_id: str | None
    created_at: datetime
    ended_at: datetime | None
    customer_id: UUID
    customer_name: str
    legal_entity: str
    kopecks: int
    period_unit: str | None
    period_count: int | None
    anchor_on: date
    autopay_id: UUID | None
    autopay: str | None
    autopay_max_kopecks: int | None
    autopay_changed_at: datetime | None
    held_at: datetime | None
    unconfirmed_since: datetime | None
    base_id: UUID | None
    method_kind: str | None
    last4: str | None


@dataclass(frozen=True, slots=True)
class DueLine:
    """A due line with its invoice and the payment that tells most about it."""

    number: int
    due_on: date
    kopecks: int
    status: str
    charge_at: datetime | None
    invoice_id: UUID | None
    invoice_number: str | None
    invoice_status: str | None
    paid_at: datetime | None
    payment_id: UUID | None
    payment_number: int | None
    payment_status: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of status of the contract or of its autopay, and on whose word."""

    object_kind: str
    old: str | None
    new: str
    source: str
    at: datetime


def read_contract(session: ReadSession, contract_id: UUID) -> ContractFacts:
    """The contract's facts.

    Raises:
        NotFound: no such contract.
    """
    statement: Select[*tuple[Any, ...]] = (
        select(
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.status,
            is_settled(),
            Contract.advance,
            Contract.external_id,
            Contract.created_at,
            Contract.ended_at,
            Customer.id,
            Customer.name,
            LegalEntity.name,
            PaymentPlan.kopecks,
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            PaymentPlan.anchor_on,
            Autopay.id,
            Autopay.status,
            Autopay.max_kopecks,
            Autopay.changed_at,
            Autopay.held_at,
            Autopay.unconfirmed_since,
            Contract.base_id,
            PaymentMethod.kind,
            PaymentMethod.last4,
        )
        .join(Customer, Customer.id == Contract.customer_id)
        .join(LegalEntity, LegalEntity.id == Contract.legal_entity_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(Contract.id == contract_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return ContractFacts(*row)


def due_lines(session: ReadSession, contract_id: UUID, *, after: int | None, limit: int) -> list[DueLine]:
    """Up to `limit` lines, the latest first, that follow the cursor (number)."""
    # The success if there is one, else what is under way, else the last try.
    best = (
        select(Payment.id, Payment.number, Payment.status)
        .where(Payment.invoice_id == Invoice.id)
        .order_by((Payment.status == SUCCEEDED).desc(), Payment.status.in_(LIVE).desc(), Payment.number.desc())
        .limit(1)
        .lateral("best")
    )
    attempts = select(func.count()).where(Payment.invoice_id == Invoice.id).correlate(Invoice).scalar_subquery()
    statement: Select[*tuple[Any, ...]] = (
        select(
            Installment.number,
            Installment.due_on,
            Installment.kopecks,
            Installment.status,
            Installment.charge_at,
            Invoice.id,
            Invoice.number,
            Invoice.status,
            Invoice.paid_at,
            best.c.id,
            best.c.number,
            best.c.status,
            attempts,
        )
        .outerjoin(Invoice, Invoice.installment_id == Installment.id)
        .outerjoin(best, Invoice.id.is_not(None))
        .where(Installment.contract_id == contract_id)
        .order_by(Installment.number.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Installment.number < after)
    return [DueLine(*row) for row in session.execute(statement)]


def dates_to_come(session: ReadSession, contract_id: UUID) -> list[date]:
    """The dates after the last stored line: none for a one-off or a contract that is over."""
    row = session.execute(
        select(PaymentPlan, func.max(Installment.number))
        .join(Contract, Contract.id == PaymentPlan.contract_id)
        .join(Installment, Installment.plan_id == PaymentPlan.id)
        .where(PaymentPlan.contract_id == contract_id, Contract.status == "active")
        .group_by(PaymentPlan.id)
    ).first()
    return upcoming_dates(row[0], row[1], _UPCOMING) if row else []


def changes_of(session: ReadSession, facts: ContractFacts) -> list[Change]:
    """Every change of status of the contract and its autopay, newest first."""
    of_contract = and_(StatusHistory.object_kind == "contract", StatusHistory.object_id == facts.id)
    of_autopay = and_(StatusHistory.object_kind == "autopay", StatusHistory.object_id == facts.autopay_id)
    rows = session.execute(
        select(StatusHistory.object_kind, StatusHistory.old, StatusHistory.new, StatusHistory.source, StatusHistory.at)
        .where(or_(of_contract, of_autopay))
        .order_by(StatusHistory.id.desc())
    )
    return [Change(*row) for row in rows]
