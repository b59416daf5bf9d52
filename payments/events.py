"""What happened to money, as facts that other packages may listen to. Ids only: a handler reads the present state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kernel.outbox import Event


@dataclass(frozen=True)
class CustomerCreated(Event):
    """A customer exists."""

    topic: ClassVar[str] = "payments.customer_created.v1"
    customer_id: UUID


@dataclass(frozen=True)
class CustomerChanged(Event):
    """A customer's own data changed."""

    topic: ClassVar[str] = "payments.customer_changed.v1"
    customer_id: UUID


@dataclass(frozen=True)
class ContractOpened(Event):
    """A contract exists; a draft one waits for its first payment."""

    topic: ClassVar[str] = "payments.contract_opened.v1"
    contract_id: UUID


@dataclass(frozen=True)
class ContractStatusChanged(Event):
    """A contract became active, suspended or ended."""

    topic: ClassVar[str] = "payments.contract_status_changed.v1"
    contract_id: UUID
    status: str


@dataclass(frozen=True)
class InvoiceChanged(Event):
    """An invoice exists, or its dates moved. Whether its customer is told is another event's matter."""

    topic: ClassVar[str] = "payments.invoice_changed.v1"
    invoice_id: UUID


@dataclass(frozen=True)
class InvoiceIssued(Event):
    """An invoice is open and nothing will be charged for it by itself: the customer is asked to pay what is left of it."""

    topic: ClassVar[str] = "payments.invoice_issued.v1"
    invoice_id: UUID


@dataclass(frozen=True)
class InvoiceVoided(Event):
    """An open invoice asks for nothing any more: its purchase lapsed, or its due line was skipped."""

    topic: ClassVar[str] = "payments.invoice_voided.v1"
    invoice_id: UUID


@dataclass(frozen=True)
class ChargeAnnounced(Event):
    """A charge is coming; it waits until the letter of this notice has really left."""

    topic: ClassVar[str] = "payments.charge_announced.v1"
    notice_id: UUID


@dataclass(frozen=True)
class PaymentChanged(Event):
    """The gateway holds a payment that is not over yet, or one turned out never to have come to be."""

    topic: ClassVar[str] = "payments.payment_changed.v1"
    payment_id: UUID


@dataclass(frozen=True)
class PaymentSucceeded(Event):
    """Money came in."""

    topic: ClassVar[str] = "payments.payment_succeeded.v1"
    payment_id: UUID


@dataclass(frozen=True)
class PaymentDeclined(Event):
    """A payment ended without money. `payments.next_attempt_at` says whether it is tried again."""

    topic: ClassVar[str] = "payments.payment_declined.v1"
    payment_id: UUID


@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    """A customer took the consent to automatic charges of one contract back, whether or not it had an autopay yet."""

    topic: ClassVar[str] = "payments.consent_withdrawn.v1"
    contract_id: UUID


@dataclass(frozen=True)
class AutopayActivated(Event):
    """Automatic payments are on.

    `cause`: consented (the first payment succeeded and its method is saved), resumed (an employee's pause is over),
    confirmed (the customer keeps it in a database that was restored).
    """

    topic: ClassVar[str] = "payments.autopay_activated.v1"
    autopay_id: UUID
    cause: str = "consented"


@dataclass(frozen=True)
class AutopayStopped(Event):
    """Automatic payments of one contract are off.

    `cause`: withdrawn, unlinked, suspended, paused (with its contract), held (by an employee), unconfirmed (restored from
    a backup, it waits for its customer), ended. `told`: it is a stop of before the restore, and no news to its customer.
    """

    topic: ClassVar[str] = "payments.autopay_stopped.v1"
    autopay_id: UUID
    cause: str
    told: bool = False


@dataclass(frozen=True)
class MethodUnlinked(Event):
    """The customer took a saved method away. A charge that had left before may still end either way. `told`: as above."""

    topic: ClassVar[str] = "payments.method_unlinked.v1"
    method_id: UUID
    told: bool = False


@dataclass(frozen=True)
class ChargingPaused(Event):
    """Charging stopped by itself, at this instant and for this reason; nobody pressed the switch."""

    topic: ClassVar[str] = "payments.charging_paused.v1"
    reason: str
    at: datetime
