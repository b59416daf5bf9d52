"""What a succeeded payment changes: books, invoice, due line, contract, and the permission it may have brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update

from kernel import outbox
from kernel.db import Session
from payments.autopay.activating import activate_autopays
from payments.autopay.barrier import disarm_lines
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


def settle_succeeded(session: Session, pairs: Sequence[Pair], *, now: datetime) -> None:
    """Book payments that the gateway reports as succeeded; the rows are locked by `apply`."""
    if not pairs:
        return
    for payment, item in pairs:
        _mark(payment, item, now)
    session.flush()  # the statements below read these rows
    paid = _allocate(session, [payment for payment, _ in pairs], now)
    _mark_lines_paid(session, paid)
    disarm_lines(session, [payment.contract_id for payment, item in pairs if _brings_method(payment, item)])
    activated = _activate_contracts(session, [payment.contract_id for payment, _ in pairs])
    activate_autopays(session, [pair for pair in pairs if pair[0].saves_method], now=now)
    plan_following(session, [invoice.installment_id for invoice in paid], advance=ON_PAYMENT)
    plan_following(
        session,
        [invoice.installment_id for invoice in paid if invoice.contract_id in activated],
        advance=BY_CALENDAR,
    )
    outbox.record(session, *(PaymentSucceeded(payment.id) for payment, _ in pairs))


def _brings_method(payment: Payment, item: GatewayPayment) -> bool:
    # The consent to it says that what was asked for before is paid by hand.
    return payment.saves_method and item.method is not None and item.method.saved


def _mark(payment: Payment, item: GatewayPayment, now: datetime) -> None:
    if payment.kopecks != item.kopecks:
        mark_odd(payment, OTHER_AMOUNT, asked=payment.kopecks, came=item.kopecks)
        payment.kopecks = item.kopecks
    if payment.status == CANCELED:
        payment.party = payment.reason = payment.next_attempt_at = None
    payment.status = SUCCEEDED
    payment.gateway_id = item.gateway_id
    payment.decided_at = now
    payment.income_kopecks = item.income_kopecks
    payment.lease_until = payment.next_check_at = None
    if item.method:
        payment.paid_with, payment.last4 = item.method.kind, item.method.last4


def _allocate(session: Session, payments: Sequence[Payment], now: datetime) -> list[Invoice]:
    invoices = _lock_invoices(session, [payment.invoice_id for payment in payments])
    left = _left_to_pay(session, invoices)
    allocations, postings, paid, begun = [], [], [], []
    for payment in payments:
        invoice = invoices[payment.invoice_id]
        counted = min(payment.kopecks, left[invoice.id])
        left[invoice.id] -= counted
        if counted < payment.kopecks:
            mark_odd(payment, SURPLUS, came=payment.kopecks, counted=counted)
        if counted:
            allocations.append({"payment_id": payment.id, "invoice_id": invoice.id, "kopecks": counted})
        if counted and left[invoice.id] == 0:
            invoice.status, invoice.paid_at = "paid", now
            paid.append(invoice)
        elif counted:
            begun.append(invoice)
        postings.append(
            payment_succeeded(
                payment.id,
                payment.customer_id,
                payment.contract_id,
                kopecks=payment.kopecks,
                allocated_kopecks=counted,
            )
        )
    if allocations:
        session.execute(insert(Allocation), allocations)
    post(session, postings)
    note_statuses(session, [("invoice", invoice.id, "open", "paid") for invoice in paid], source="payment")
    _ask_for_the_rest(session, [invoice for invoice in begun if invoice.status == "open"], left)
    return paid


def _ask_for_the_rest(session: Session, invoices: Sequence[Invoice], left: Mapping[UUID, int]) -> None:
    # Nothing announced this sum, so nothing charges it.
    if not invoices:
        return
    session.flush()  # the invoices before their lines: the order of locks
    lines = [invoice.installment_id for invoice in invoices]
    session.execute(update(Installment).where(Installment.id.in_(lines)).values(charge_at=None))
    asked = [invoice.id for invoice in invoices if left[invoice.id] >= MINIMUM_KOPECKS]
    outbox.record(session, *(InvoiceIssued(invoice_id) for invoice_id in asked))


def _lock_invoices(session: Session, ids: Sequence[UUID]) -> dict[UUID, Invoice]:
    rows = session.scalars(
        select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id).with_for_update(key_share=True)
    ).all()
    return {invoice.id: invoice for invoice in rows}


def _left_to_pay(session: Session, invoices: dict[UUID, Invoice]) -> dict[UUID, int]:
    rows = session.execute(
        select(Allocation.invoice_id, func.sum(Allocation.kopecks).label("kopecks"))
        .where(Allocation.invoice_id.in_(list(invoices)))
        .group_by(Allocation.invoice_id)
    ).all()
    counted = {row.invoice_id: int(row.kopecks) for row in rows}
    return {
        invoice.id: invoice.kopecks - counted.get(invoice.id, 0) if invoice.status == "open" else 0
        for invoice in invoices.values()
    }


def _mark_lines_paid(session: Session, paid: Sequence[Invoice]) -> None:
    ids = [invoice.installment_id for invoice in paid]
    if ids:
        session.flush()  # the invoices' new status, before the lines: the order of locks
        session.execute(update(Installment).where(Installment.id.in_(ids)).values(status="paid", charge_at=None))


def _activate_contracts(session: Session, contract_ids: Sequence[UUID]) -> set[UUID]:
    changed = session.scalars(
        update(Contract)
        .where(Contract.id.in_(contract_ids), Contract.status == "draft")
        .values(status="active")
        .returning(Contract.id)
    ).all()
    note_statuses(session, [("contract", key, "draft", "active") for key in changed], source="payment")
    outbox.record(session, *(ContractStatusChanged(key, "active") for key in changed))
    return set(changed)
