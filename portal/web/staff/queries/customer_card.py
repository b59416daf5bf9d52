"""One customer: facts, money, contracts, methods, consents, and who signs in on their behalf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from kernel.clock import start_of
from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.cards import card_of
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import SUCCEEDED, Payment
from payments.contracts.models import Contract, PaymentPlan
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from payments.ledger.models import ADVANCE, LedgerEntry
from portal.accounts.models import Membership, User
from portal.web.staff.queries.debts import owed
from portal.web.staff.queries.in_force import is_settled

_YEAR = relativedelta(years=1)


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Who it is and how the money stands; sums are kopecks. `advance`: paid beyond what was asked for."""

    id: UUID
    name: str
    kind: str
    email: str | None
    phone: str | None
    inn: str | None
    kpp: str | None
    external_id: str | None
    created_at: datetime
    open_kopecks: int
    overdue_kopecks: int
    paid_kopecks: int
    advance_kopecks: int


@dataclass(frozen=True, slots=True)
class CustomerContract:
    """A contract on the card; the sum is in kopecks."""

    id: UUID
    number: str
    title: str
    status: str
    settled: bool
    kopecks: int
    period_unit: str | None
    period_count: int | None
    autopay: str | None


@dataclass(frozen=True, slots=True)
class CustomerMethod:
    """A card, whatever the number of its tokens, and how many contracts it is charged for."""

    id: UUID
    kind: str
    last4: str | None
    expiry_month: int | None
    expiry_year: int | None
    disabled_reason: str | None
    unlinked_at: datetime | None
    autopays: int

    def expires_soon(self, today: date) -> bool:
        """Whether a card that is charged will not serve beyond the next month."""
        if not self.autopays or self.unlinked_at or not self.expiry_year or not self.expiry_month:
            return False
        following = today + relativedelta(months=1)
        return (self.expiry_year, self.expiry_month) <= (following.year, following.month)


@dataclass(frozen=True, slots=True)
class LastConsent:
    """The last word about one kind of consent, of a contract for the recurring ones."""

    kind: str
    action: str
    at: datetime
    contract_id: UUID | None
    contract_number: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who signs in for the customer."""

    name: str
    email: str
    confirmed: bool
    disabled: bool


def read_customer(session: ReadSession | Session, customer_id: UUID, *, today: date) -> CustomerFacts:
    """The customer with the state of their money; `paid_kopecks` came in since this day a year ago.

    Raises:
        NotFound: no such customer.
    """
    mine = Customer.__table__.c.id
    paid = select(func.coalesce(func.sum(Payment.kopecks), 0)).where(
        Payment.customer_id == mine,
        Payment.status == SUCCEEDED,
        Payment.decided_at >= start_of(today - _YEAR),
    )
    advance = select(func.coalesce(-func.sum(LedgerEntry.kopecks), 0)).where(
        LedgerEntry.customer_id == mine, LedgerEntry.account == ADVANCE
    )
    row = session.execute(
        select(
            Customer,
            owed(of=mine, by=Invoice.customer_id).label("open"),
            owed(Invoice.due_on < today, of=mine, by=Invoice.customer_id).label("overdue"),
            paid.scalar_subquery().label("paid"),
            advance.scalar_subquery().label("advance"),
        ).where(Customer.id == customer_id)
    ).first()
    if row is None:
        raise NotFound
    it: Customer = row[0]
    return CustomerFacts(
        it.id,
        it.name,
        it.kind,
        it.email,
        it.phone,
        it.inn,
        it.kpp,
        it.external_id,
        it.created_at,
        int(row.open),
        int(row.overdue),
        int(row.paid),
        int(row.advance),
    )


def contracts_of(session: ReadSession | Session, customer_id: UUID) -> list[CustomerContract]:
    """All contracts of the customer, newest first."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Contract.id,
            Contract.number,
            Contract.title,
            Contract.status,
            is_settled(),
            PaymentPlan.kopecks,
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            Autopay.status,
        )
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .where(Contract.customer_id == customer_id)
        .order_by(Contract.id.desc())
    )
    return [CustomerContract(*row) for row in session.execute(statement)]


def methods_of(session: ReadSession | Session, customer_id: UUID) -> list[CustomerMethod]:
    """All cards that the customer ever saved, those still in use first; the tokens of one card are told as one."""
    uses = (
        select(func.count())
        .where(Autopay.method_id == PaymentMethod.id, Autopay.status == "active")
        .correlate(PaymentMethod)
        .scalar_subquery()
    )
    statement = (
        select(PaymentMethod, uses)
        .where(PaymentMethod.customer_id == customer_id)
        .order_by(PaymentMethod.unlinked_at.is_not(None), PaymentMethod.id.desc())
    )
    cards: dict[tuple[object, ...], list[tuple[PaymentMethod, int]]] = {}
    for token, count in session.execute(statement):
        cards.setdefault((token.unlinked_at, *card_of(customer_id, token)), []).append((token, count))
    return [_method(tokens) for tokens in cards.values()]


def _method(tokens: Sequence[tuple[PaymentMethod, int]]) -> CustomerMethod:
    newest = tokens[0][0]
    works = any(token.disabled_reason is None for token, _ in tokens)
    return CustomerMethod(
        newest.id,
        newest.kind,
        newest.last4,
        newest.expiry_month,
        newest.expiry_year,
        None if works else newest.disabled_reason,
        newest.unlinked_at,
        sum(count for _, count in tokens),
    )


def consents_of(session: ReadSession | Session, customer_id: UUID) -> list[LastConsent]:
    """The last word about each kind of consent."""
    statement: Select[*tuple[Any, ...]] = (
        select(Consent.kind, Consent.action, Consent.at, Contract.id, Contract.number)
        .ext(distinct_on(Consent.kind, Consent.contract_id))
        .outerjoin(Contract, Contract.id == Consent.contract_id)
        .where(Consent.customer_id == customer_id)
        .order_by(Consent.kind, Consent.contract_id, Consent.id.desc())
    )
    return [LastConsent(*row) for row in session.execute(statement)]


def logins_of(session: ReadSession | Session, customer_id: UUID) -> list[Login]:
    """Who signs in for the customer."""
    statement: Select[*tuple[Any, ...]] = (
        select(User.name, User.email, User.email_confirmed_at.is_not(None), User.disabled_at.is_not(None))
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.customer_id == customer_id)
        .order_by(Membership.created_at)
    )
    return [Login(*row) for row in session.execute(statement)]
