"""Invoices and payments as the CRM's smart invoices and items of the process «Платежи»."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, and_, or_, select

from crm_sync.port import DEAL, INVOICE, PAYMENT, Wanted
from crm_sync.snapshots.customers import kind_of
from crm_sync.snapshots.identity import desk_url, external_id, installation_id
from kernel.db import ReadSession
from payments.charging.models import (
    CANCELED,
    FINAL,
    REJECTED,
    SUCCEEDED,
    Payment,
)
from payments.customers.models import Customer
from payments.invoicing.models import Invoice

_INVOICE_STAGES = {"draft": "new", "open": "sent", "paid": "paid", "void": "void", "written_off": "void"}
_OUTCOMES = {SUCCEEDED: "succeeded", CANCELED: "failed", REJECTED: "failed"}
_AGGREGATOR = "ЮKassa"


def read_invoices(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """These invoices as they stand now."""
    us = installation_id(session)
    rows = session.execute(
        select(Invoice, Customer).join(Customer, Customer.id == Invoice.customer_id).where(Invoice.id.in_(ids))
    )
    return [_invoice(us, row) for row in rows]


def read_payments(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """Those of these payments that the gateway holds, waiting until it has confirmed them, or that it once was sent."""
    us = installation_id(session)
    seen = or_(Payment.gateway_id.is_not(None), and_(Payment.status.in_(FINAL), Payment.sends > 0))
    rows = session.execute(
        select(Payment, Customer).join(Customer, Customer.id == Payment.customer_id).where(Payment.id.in_(ids), seen)
    )
    return [_payment(us, row) for row in rows]


def _invoice(us: str, row: Row[Invoice, Customer]) -> Wanted:
    invoice, owner = row.Invoice, kind_of(row.Customer)
    return Wanted(
        INVOICE,
        invoice.id,
        invoice.customer_id,
        external_id(us, invoice.id),
        {
            "title": f"Счёт № {invoice.number}. {invoice.purpose}",
            "number": invoice.number,
            "kopecks": invoice.kopecks,
            "stage": _INVOICE_STAGES[invoice.status],
            "due_on": invoice.due_on.isoformat(),
            "url": desk_url("contracts", invoice.contract_id),
        },
        {owner: (owner, invoice.customer_id), "deal": (DEAL, invoice.contract_id)},
    )


def _payment(us: str, row: Row[Payment, Customer]) -> Wanted:
    payment, owner = row.Payment, kind_of(row.Customer)
    paid_at = payment.decided_at if payment.status == SUCCEEDED else None
    return Wanted(
        PAYMENT,
        payment.id,
        payment.customer_id,
        external_id(us, payment.id),
        {
            "title": f"Платёж № {payment.number}",
            "kopecks": payment.kopecks,
            "stage": _OUTCOMES.get(payment.status, "pending"),
            "method": _method(payment),
            "reason": payment.reason,
            "gateway_id": payment.gateway_id,
            "aggregator": _AGGREGATOR,
            "paid_at": paid_at.isoformat() if paid_at else None,
            "url": desk_url("payments", payment.id),
        },
        {
            owner: (owner, payment.customer_id),
            "deal": (DEAL, payment.contract_id),
            "invoice": (INVOICE, payment.invoice_id),
        },
    )


def _method(payment: Payment) -> str | None:
    if payment.last4:
        return f"Карта •• {payment.last4}"
    return payment.paid_with
