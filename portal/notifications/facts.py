"""What letters tell. `reading.py` finds it when a letter is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from payments.contracts.periods import Unit
from portal.notifications.method_words import Method


@dataclass(frozen=True, slots=True)
class Agreement:
    """The contract a letter is about, and whom to write to."""

    customer_id: UUID
    email: str
    contract_id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class ComingCharge:
    """What will be charged, when, and from what. `replaces_on` is the day that an earlier letter named, if another."""

    agreement: Agreement
    kopecks: int
    on: date
    method_id: UUID
    method: Method
    replaces_on: date | None


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What the customer is asked to pay: what is left of an invoice, and how much of it came already.

    `charge_on` is when it is charged by itself, if it will be. `card_elsewhere`: it would be, but for a card that was
    saved in another shop.
    """

    agreement: Agreement
    invoice_id: UUID
    number: str
    kopecks: int
    due_on: date
    charge_on: date | None
    paid_kopecks: int = 0
    card_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Debt:
    """An open invoice that nothing charges by itself any more, and where to pay it."""

    contract_number: str
    number: str
    kopecks: int
    due_on: date
    pay_url: str


@dataclass(frozen=True, slots=True)
class NextCharge:
    """The next line that autopay will charge."""

    on: date
    kopecks: int


@dataclass(frozen=True, slots=True)
class DecidedPayment:
    """A payment that has ended, one way or the other. `pay_until`: the last day of a purchase that was never paid.

    `next_attempt_at` is when its charge is tried again, None when it was never to be, or is not any more.
    `by_guest` says that its letter goes to a payer by link, not to the customer's own address. One that was `found` in the
    gateway's lists may have been told of before, by a database that is lost.
    """

    agreement: Agreement
    payment_id: UUID
    number: int
    invoice_id: UUID
    invoice_number: str
    invoice_is_open: bool
    purpose: str
    kopecks: int
    status: str
    reason: str | None
    scheduled: bool
    found: bool
    decided_at: datetime | None
    next_attempt_at: datetime | None
    pay_until: date | None
    autopay_status: str | None
    method: Method | None
    by_guest: bool


@dataclass(frozen=True, slots=True)
class Permission:
    """A contract's autopay."""

    agreement: Agreement
    autopay_id: UUID
    status: str
    changed_at: datetime
    consent_id: int
    contract_status: str
    kopecks: int
    period_unit: Unit | None
    period_count: int | None
    method_id: UUID
    method: Method


@dataclass(frozen=True, slots=True)
class LostContract:
    """A contract whose autopay ended with its card."""

    id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class ChargeUnderWay:
    """A charge that had left before the stop; the bank may still complete it."""

    number: int
    kopecks: int


@dataclass(frozen=True, slots=True)
class GoneMethod:
    """A saved method that the customer took away."""

    customer_id: UUID
    email: str
    method: Method
    unlinked_at: datetime
    contracts: tuple[LostContract, ...]
