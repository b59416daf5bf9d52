"""The gateway as the rest of the product sees it: a few verbs, our own dataclasses, and what may come of a call."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from kernel.errors import KabinetError

# Which document of ours the number in a description is said to be.
CONTRACT = "contract"
INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class GatewayMethod:
    """A payment method as the gateway describes it. `saved` says whether we may charge it again."""

    gateway_id: str
    kind: str
    saved: bool
    title: str
    last4: str | None = None
    card_type: str | None = None
    expiry_year: int | None = None
    expiry_month: int | None = None


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """A payment as the gateway describes it, at the moment it did.

    `payment_id`, `invoice_id` and `contract_id` are ours, from its metadata; `numbers` are those of our documents that
    its description may name, after the word that says which: `invoice 2026-0031`, `contract 2026-0012/1`, or none.
    """

    gateway_id: str
    status: str
    kopecks: int
    currency: str
    account_id: str
    test: bool
    payment_id: UUID | None = None
    income_kopecks: int | None = None
    confirmation_url: str | None = None
    method: GatewayMethod | None = None
    party: str | None = None
    reason: str | None = None
    invoice_id: UUID | None = None
    contract_id: UUID | None = None
    numbers: tuple[str, ...] = ()
    refunded_kopecks: int = 0
    created_at: datetime | None = None
    captured_at: datetime | None = None
    sanitised: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund as the gateway describes it."""

    gateway_id: str
    payment_gateway_id: str
    status: str
    kopecks: int
    currency: str
    created_at: datetime


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, the newest first, and what to ask the next one with; None after the last."""

    items: tuple[T, ...]
    next_cursor: str | None


class GatewayError(KabinetError):
    """A call that did not bring an object. `http_status` and `request_id` are for support and the record."""

    outcome = "unknown"

    def __init__(self, message: str, *, http_status: int | None = None, request_id: str | None = None) -> None:
        self.http_status = http_status
        self.request_id = request_id
        super().__init__(message)


class OutcomeUnknown(GatewayError):
    """Nobody can say yet whether it happened: timeout, reset, 5xx, 202, 429, a broken answer, 401, 403."""


class NotExecuted(OutcomeUnknown):
    """This call surely never reached the gateway; an earlier one with the same key may have."""

    outcome = "not_executed"


class CredentialsRefused(OutcomeUnknown):
    """401: our shop id or key is wrong. Nothing was declined; nothing more should be sent until it is put right."""

    outcome = "credentials_refused"


class Rejected(GatewayError):
    """A definite 4xx: this call was not performed. It ends an attempt only if no earlier send can have arrived."""

    outcome = "rejected"


class NoSuchPayment(GatewayError):
    """404: the gateway knows no such payment of this shop."""

    outcome = "not_found"


class BrokenList(GatewayError):
    """A list that holds what cannot be, or does not end; `str(error)` names the row. Asking again would not help."""

    outcome = "broken_list"


class Gateway(Protocol):
    """What we ask of a gateway. Every verb may raise `GatewayError`."""

    def create_payment(self, body: str, key: UUID) -> GatewayPayment:
        """Send a stored body under its stored key."""
        ...

    def get_payment(self, gateway_id: str) -> GatewayPayment:
        """The payment in its present state."""
        ...

    def find_payments(
        self, payment_ids: Collection[UUID], since: datetime, until: datetime
    ) -> Iterator[tuple[UUID, GatewayPayment | OutcomeUnknown]]:
        """Those created in [since, until) that name one of these payments of ours, and which they name.

        One that cannot be read comes as what is wrong with it. Raises rather than breaking off silently.
        """
        ...

    def payments_page(self, since: datetime, until: datetime, cursor: str | None) -> Page[GatewayPayment]:
        """A page of the shop's payments created in [since, until), with each of its rows or none."""
        ...

    def refunds_page(self, since: datetime, until: datetime, cursor: str | None) -> Page[GatewayRefund]:
        """A page of the shop's refunds created in [since, until), with each of its rows or none."""
        ...
