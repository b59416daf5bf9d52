"""What a list of payments is narrowed by, as conditions in SQL: for the list, its total, its file and the saved views."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all

from kernel.clock import business_date, start_of
from payments.autopay.models import PaymentMethod
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.installation.models import LegalEntity
from payments.invoicing.models import Invoice
from portal.web.staff.queries.attention import is_failed_charge, is_long_unknown
from portal.web.staff.queries.search import has_contract_number, matching

LARGE_KOPECKS = 5_000_000
_ONE_DAY = timedelta(days=1)
_BIGINT_DIGITS = 18


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """All that a payment must meet; empty means anything. Days are inclusive, sums are kopecks.

    `view` moves along with time: this month's, failed, unknown or odd (the three that wait for a person), large ones.
    """

    text: str = ""
    view: str = ""
    status: str = ""
    initiator: str = ""
    method: str = ""
    contract: str = ""
    first_on: date | None = None
    last_on: date | None = None
    last4: str = ""
    least_kopecks: int | None = None
    most_kopecks: int | None = None
    customer_id: UUID | None = None

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        return [*self._chosen(now), *self._between(), *self._typed()]

    def lasting(self) -> list[ColumnElement[bool]]:
        """The conditions of a filter without a view: they mean the same at any time."""
        return [*self._between(), *self._typed()]

    def _chosen(self, now: datetime) -> list[ColumnElement[bool]]:
        found = [_VIEWS[self.view](now)] if self.view else []
        if self.status:
            found.append(Payment.status == self.status)
        if self.initiator:
            found.append(Payment.initiator == self.initiator)
        if self.method:
            saved = select(PaymentMethod.id).where(PaymentMethod.kind == self.method)
            by_saved = and_(Payment.paid_with.is_(None), Payment.method_id.in_(saved))
            found.append(or_(Payment.paid_with == self.method, by_saved))
        if self.customer_id:
            found.append(Payment.customer_id == self.customer_id)
        return found

    def _between(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.first_on:
            found.append(Payment.created_at >= start_of(self.first_on))
        if self.last_on:
            found.append(Payment.created_at < start_of(self.last_on + _ONE_DAY))
        if self.least_kopecks is not None:
            found.append(Payment.kopecks >= self.least_kopecks)
        if self.most_kopecks is not None:
            found.append(Payment.kopecks <= self.most_kopecks)
        return found

    def _typed(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.last4:
            found.append(has_last4(self.last4))
        if self.contract:
            contracts = select(Contract.id).where(has_contract_number(self.contract))
            found.append(Payment.contract_id.in_(contracts))
        if self.text:
            found.append(_means(self.text))
        return found


def has_last4(last4: str) -> ColumnElement[bool]:
    """Payments made with a card that ends in these digits, or tried with one that is saved."""
    # A union lets each part use its index, as an OR over two tables would not; payments are indexed by their customer.
    paid = select(Payment.id).where(Payment.last4 == last4)
    tried = (
        select(Payment.id)
        .join(
            PaymentMethod,
            and_(PaymentMethod.id == Payment.method_id, PaymentMethod.customer_id == Payment.customer_id),
        )
        .where(PaymentMethod.last4 == last4)
    )
    return Payment.id.in_(union_all(paid, tried))


def named_payment(text: str) -> ColumnElement[bool] | None:
    """The payment with this number, this id of the gateway's or ours; None for a text that can be none of them."""
    bare = text.strip().lstrip("№").strip()
    if bare.isascii() and bare.isdigit():
        return Payment.number == int(bare) if len(bare) <= _BIGINT_DIGITS else None
    found: list[ColumnElement[bool]] = []
    if " " not in bare and any(character.isdigit() for character in bare):
        found.append(Payment.gateway_id == bare)
    with suppress(ValueError):
        found.append(Payment.id == UUID(bare))
    return or_(*found) if found else None


def numbered_invoice(text: str) -> ColumnElement[bool]:
    """Invoices with this number; the index of numbers begins with the legal entity, so all of those are named."""
    return and_(Invoice.legal_entity_id.in_(select(LegalEntity.id)), Invoice.number == text.strip().lstrip("№").strip())


def _means(text: str) -> ColumnElement[bool]:
    """A customer in any form, an invoice by its number, or the payment itself."""
    of_customers = Payment.customer_id.in_(select(Customer.id).where(matching(text)))
    if not any(character.isdigit() for character in text):
        return of_customers  # no number of anything
    whose = select(Payment.id).where(of_customers)
    billed = select(Payment.id).where(Payment.invoice_id.in_(select(Invoice.id).where(numbered_invoice(text))))
    parts: list[Select[*tuple[Any, ...]]] = [whose, billed]
    itself = named_payment(text)
    if itself is not None:
        parts.append(select(Payment.id).where(itself))
    return Payment.id.in_(union_all(*parts))


def _this_month(now: datetime) -> ColumnElement[bool]:
    first_on = business_date(now).replace(day=1)
    following = first_on + relativedelta(months=1)
    return and_(Payment.created_at >= start_of(first_on), Payment.created_at < start_of(following))


_VIEWS: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    "month": _this_month,
    "failed": lambda _now: is_failed_charge(),
    "unknown": is_long_unknown,
    "odd": lambda _now: Payment.oddity.is_not(None),
    "large": lambda _now: Payment.kopecks >= LARGE_KOPECKS,
}
VIEWS = tuple(_VIEWS)
