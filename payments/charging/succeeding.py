"""What a succeeded payment changes: books, invoice, due line, contract, and the permission it may have brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, select, update

from kernel import outbox
from kernel.db import Session, among, given, insert_rows, update_rows
from payments.autopay.activating import activate_autopays
from payments.charging.models import CANCELED, SUCCEEDED, Allocation, Payment
from payments.charging.oddities import OTHER_AMOUNT, SURPLUS, mark_odd
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Contract, Installment
from payments.contracts.opening import MINIMUM_KOPECKS
from payments.contracts.planning import plan_following
from payments.events import ContractStatusChanged, InvoiceIssued, PaymentSucceeded
from payments.gateway.port import GatewayPayment
from payments.history.noting import note_statuses
from payments.invoicing.models import Invoice
from payments.ledger.posting import payment_succeeded, post

Pair = tuple[Payment, GatewayPayment]
InvoiceRow = Row[UUID, str, int, UUID, UUID]


def settle_succeeded(session: Session, pairs: Sequence[Pair], *, now: datetime) -> None:
    """Book payments that the gateway reports as succeeded; the rows are locked by `apply`."""
    if not pairs:
        return
    _mark(session, pairs, now)
    paid = _allocate(session, [payment for payment, _ in pairs], now)
    _mark_lines_paid(session, paid)
    # A contract with an autopay is no draft any more.
    by_hand = [payment.contract_id for payment, _ in pairs if payment.autopay_id is None]
    activated = _activate_contracts(session, by_hand)
    activate_autopays(session, [pair for pair in pairs if pair[0].saves_method], now=now)
    plan_following(session, [invoice.installment_id for invoice in paid], advance=ON_PAYMENT)
    plan_following(
        session,
        [invoice.installment_id for invoice in paid if invoice.contract_id in activated],
        advance=BY_CALENDAR,
    )
    outbox.record(session, *(PaymentSucceeded(payment.id) for payment, _ in pairs))


def _mark(session: Session, pairs: Sequence[Pair], now: datetime) -> None:
    for payment, item in pairs:
        if payment.kopecks != item.kopecks:
            mark_odd(payment, OTHER_AMOUNT, asked=payment.kopecks, came=item.kopecks)
    update_rows(session, [(payment, _succeeded(payment, item, now)) for payment, item in pairs])


def _succeeded(payment: Payment, item: GatewayPayment, now: datetime) -> dict[str, object]:
    was_declined = payment.status == CANCELED
    return {
        "oddity": payment.oddity,
        "status": SUCCEEDED,
        "gateway_id": item.gateway_id,
        "kopecks": item.kopecks,
        "income_kopecks": item.income_kopecks,
        "paid_with": item.method.kind if item.method else payment.paid_with,
        "last4": item.method.last4 if item.method else payment.last4,
        "party": None if was_declined else payment.party,
        "reason": None if was_declined else payment.reason,
        "next_attempt_at": None if was_declined else payment.next_attempt_at,
        "decided_at": now,
        "lease_until": None,
        "next_check_at": None,
    }


def _allocate(session: Session, payments: Sequence[Payment], now: datetime) -> list[InvoiceRow]:
    invoices = _lock_invoices(session, [payment.invoice_id for payment in payments])
    left = _left_to_pay(session, invoices)
    allocations, postings = [], []
    paid: list[InvoiceRow] = []
    begun: list[InvoiceRow] = []
    for payment in payments:
        invoice = invoices[payment.invoice_id]
        counted = min(payment.kopecks, left[invoice.id])
        left[invoice.id] -= counted
        if counted < payment.kopecks:
            mark_odd(payment, SURPLUS, came=payment.kopecks, counted=counted)
        if counted:
            allocations.append({"payment_id": payment.id, "invoice_id": invoice.id, "kopecks": counted})
        if counted:
            (begun if left[invoice.id] else paid).append(invoice)
        postings.append(
            payment_succeeded(
                payment.id,
                payment.customer_id,
                payment.contract_id,
                kopecks=payment.kopecks,
                allocated_kopecks=counted,
            )
        )
    _mark_paid(session, paid, now)
    insert_rows(session, Allocation, allocations)
    post(session, postings)
    note_statuses(session, [("invoice", invoice.id, "open", "paid") for invoice in paid], source="payment")
    _ask_for_the_rest(session, [invoice for invoice in begun if invoice not in paid], left)
    return paid


def _mark_paid(session: Session, invoices: Sequence[InvoiceRow], now: datetime) -> None:
    if invoices:
        paid = among(Invoice.id, [invoice.id for invoice in invoices])
        session.execute(update(Invoice).where(paid).values(status="paid", paid_at=now))


def _ask_for_the_rest(session: Session, invoices: Sequence[InvoiceRow], left: Mapping[UUID, int]) -> None:
    # Nothing announced this sum, so nothing charges it.
    if not invoices:
        return
    lines = [invoice.installment_id for invoice in invoices]
    session.execute(update(Installment).where(Installment.id.in_(lines)).values(charge_at=None))
    asked = [invoice.id for invoice in invoices if left[invoice.id] >= MINIMUM_KOPECKS]
    outbox.record(session, *(InvoiceIssued(invoice_id) for invoice_id in asked))


_LOCK_INVOICES = (
    select(Invoice.id, Invoice.status, Invoice.kopecks, Invoice.installment_id, Invoice.contract_id)
    .where(given(Invoice.id, "ids"))
    .order_by(Invoice.id)
    .with_for_update(key_share=True)
)
_COUNTED = (
    select(Allocation.invoice_id, func.sum(Allocation.kopecks).label("kopecks"))
    .where(given(Allocation.invoice_id, "ids"))
    .group_by(Allocation.invoice_id)
)


def _lock_invoices(session: Session, ids: Sequence[UUID]) -> dict[UUID, InvoiceRow]:
    return {invoice.id: invoice for invoice in session.execute(_LOCK_INVOICES, {"ids": ids})}


def _left_to_pay(session: Session, invoices: Mapping[UUID, InvoiceRow]) -> dict[UUID, int]:
    counted = {row.invoice_id: int(row.kopecks) for row in session.execute(_COUNTED, {"ids": list(invoices)})}
    return {
        invoice.id: invoice.kopecks - counted.get(invoice.id, 0) if invoice.status == "open" else 0
        for invoice in invoices.values()
    }


def _mark_lines_paid(session: Session, paid: Sequence[InvoiceRow]) -> None:
    ids = [invoice.installment_id for invoice in paid]
    if ids:
        session.execute(update(Installment).where(among(Installment.id, ids)).values(status="paid", charge_at=None))


def _activate_contracts(session: Session, contract_ids: Sequence[UUID]) -> set[UUID]:
    if not contract_ids:
        return set()
    changed = session.scalars(
        update(Contract)
        .where(among(Contract.id, contract_ids), Contract.status == "draft")
        .values(status="active")
        .returning(Contract.id)
    ).all()
    note_statuses(session, [("contract", key, "draft", "active") for key in changed], source="payment")
    outbox.record(session, *(ContractStatusChanged(key, "active") for key in changed))
    return set(changed)
