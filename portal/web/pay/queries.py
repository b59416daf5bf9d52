"""What a link shows of its invoice: no name, no address, no card, no other invoice. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, true

from kernel.db import ReadSession, Session
from payments.charging.models import CREATED, LEFT_TO_PAY, LIVE, PENDING, Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.installation.models import LegalEntity
from payments.invoicing.models import Invoice
from portal.notifications.pay_until import last_day_before
from portal.notifications.reasons import EXPIRED


@dataclass(frozen=True, slots=True)
class LinkPayment:
    """The newest payment of the invoice, as its payer may know it."""

    id: UUID
    number: int
    status: str
    initiator: str
    kopecks: int
    reason: str | None
    saves_method: bool
    return_token: str | None
    confirmation_url: str | None
    sends: int
    created_at: datetime
    decided_at: datetime | None

    # A link makes no autopay: the words about a payment ask for it.
    autopay = None

    @property
    def is_live(self) -> bool:
        """Not decided yet."""
        return self.status in LIVE

    @property
    def gives_way(self) -> bool:
        """An automatic charge that has not left: whoever pays by hand is faster."""
        return self.initiator == "schedule" and self.status == CREATED

    @property
    def is_hosted(self) -> bool:
        """Made on the gateway's page, and without a consent: what a link can begin and go on with."""
        return self.initiator == "customer" and not self.saves_method

    @property
    def waits_for_payer(self) -> bool:
        """Its page at the gateway is open."""
        return self.is_hosted and self.status == PENDING and self.confirmation_url is not None

    @property
    def unfinished(self) -> bool:
        """The payer left the gateway's page, and it closed: nobody refused anything."""
        return self.reason == EXPIRED


@dataclass(frozen=True, slots=True)
class LinkedInvoice:
    """The invoice. `has_email`: whether its customer can be told of a payment. `closed_at`: when it was paid or voided."""

    id: UUID
    customer_id: UUID
    number: str
    legal_entity: str
    inn: str
    title: str
    contract_number: str
    kopecks: int
    left: int
    due_on: date
    status: str
    closed_at: datetime | None
    is_draft: bool
    pay_until: date | None
    has_email: bool
    payment: LinkPayment | None


def read_linked_invoice(session: Session | ReadSession, invoice_id: UUID) -> LinkedInvoice:
    """The invoice of a link that was found."""
    newest = (
        select(
            Payment.id.label("payment_id"),
            Payment.number.label("payment_number"),
            Payment.status.label("payment_status"),
            Payment.initiator,
            Payment.kopecks.label("payment_kopecks"),
            Payment.reason,
            Payment.saves_method,
            Payment.return_token,
            Payment.confirmation_url,
            Payment.sends,
            Payment.created_at.label("begun_at"),
            Payment.decided_at,
        )
        .where(Payment.invoice_id == Invoice.id)
        .order_by(Payment.number.desc())
        .limit(1)
        .lateral("newest")
    )
    row = session.execute(
        select(
            Invoice,
            Contract.title,
            Contract.number.label("contract_number"),
            Contract.status.label("contract_status"),
            Customer.email,
            LegalEntity.name.label("legal_entity"),
            LegalEntity.inn,
            LEFT_TO_PAY.label("left"),
            newest,
        )
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .join(LegalEntity, LegalEntity.id == Invoice.legal_entity_id)
        .outerjoin(newest, true())
        .where(Invoice.id == invoice_id)
    ).one()
    return _invoice(row)


def _invoice(row: Any) -> LinkedInvoice:
    invoice: Invoice = row.Invoice
    is_draft = row.contract_status == "draft"
    return LinkedInvoice(
        id=invoice.id,
        customer_id=invoice.customer_id,
        number=invoice.number,
        legal_entity=row.legal_entity,
        inn=row.inn,
        title=row.title,
        contract_number=row.contract_number,
        kopecks=invoice.kopecks,
        left=row.left,
        due_on=invoice.due_on,
        status=invoice.status,
        closed_at=invoice.paid_at or invoice.voided_at,
        is_draft=is_draft,
        pay_until=last_day_before(invoice.lapses_at) if invoice.lapses_at and is_draft else None,
        has_email=bool(row.email),
        payment=_payment(row) if row.payment_id else None,
    )


def _payment(row: Any) -> LinkPayment:
    return LinkPayment(
        id=row.payment_id,
        number=row.payment_number,
        status=row.payment_status,
        initiator=row.initiator,
        kopecks=row.payment_kopecks,
        reason=row.reason,
        saves_method=row.saves_method,
        return_token=row.return_token,
        confirmation_url=row.confirmation_url,
        sends=row.sends,
        created_at=row.begun_at,
        decided_at=row.decided_at,
    )
