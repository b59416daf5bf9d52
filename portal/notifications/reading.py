"""The facts of each kind of letter, one query for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import aliased

from kernel.clock import business_date
from kernel.db import Session
from payments.autopay.cards import tokens_of_card
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.charging.coming import CHARGE_DAY, NEWEST_NOTICE, charge_day
from payments.charging.models import CAME, LEFT_TO_PAY, LIVE, UNDER_WAY, Payment
from payments.charging.next_attempt import NEXT_ATTEMPT_AT
from payments.charging.stalled import PAUSE
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.installation.models import Installation
from payments.invoicing.links import make_pay_link
from payments.invoicing.models import Invoice
from portal.notifications.facts import (
    Agreement,
    ChargeUnderWay,
    ComingCharge,
    Debt,
    DecidedPayment,
    GoneMethod,
    LostContract,
    NextCharge,
    OpenInvoice,
    Permission,
)
from portal.notifications.method_words import Method
from portal.notifications.pay_until import last_day_before

_AGREEMENT = (
    Customer.id.label("customer_id"),
    Customer.email,
    Contract.id.label("contract_id"),
    Contract.number.label("contract_number"),
    Contract.title,
)
# Over an invoice: whether a payment is collecting it at this moment.
_COLLECTING = (
    select(Payment.id).where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).correlate(Invoice).exists()
)


def coming_charge(session: Session, notice_id: UUID) -> ComingCharge:
    """The charge that a notice announces."""
    earlier = aliased(Notice)
    replaced = (
        select(earlier.charge_on)
        .where(earlier.installment_id == Notice.installment_id, earlier.id < Notice.id, earlier.sent_at.is_not(None))
        .order_by(earlier.id.desc())
        .limit(1)
        .correlate(Notice)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            *_AGREEMENT,
            Notice.kopecks,
            Notice.charge_on,
            func.nullif(replaced, Notice.charge_on).label("replaces_on"),
            PaymentMethod.id.label("method_id"),
            PaymentMethod.kind,
            PaymentMethod.last4,
        )
        .select_from(Notice)
        .join(Installment, Installment.id == Notice.installment_id)
        .join(Contract, Contract.id == Installment.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .join(PaymentMethod, PaymentMethod.id == Notice.method_id)
        .where(Notice.id == notice_id)
    ).one()
    method = Method(row.kind, row.last4)
    return ComingCharge(_agreement(row), row.kopecks, row.charge_on, row.method_id, method, row.replaces_on)


def open_invoice(session: Session, invoice_id: UUID) -> OpenInvoice | None:
    """The invoice, or None when it has been paid or voided since."""
    row = session.execute(
        select(
            *_AGREEMENT,
            Invoice.number,
            LEFT_TO_PAY.label("left"),
            Invoice.due_on,
            Installment.charge_at,
            Autopay.status,
            CAME.label("came"),
        )
        .select_from(Invoice)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .join(Installment, Installment.id == Invoice.installment_id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .where(Invoice.id == invoice_id, Invoice.status == "open")
    ).one_or_none()
    if row is None:
        return None
    by_itself = row.status == "active" and row.charge_at is not None
    charge_on = business_date(row.charge_at) if by_itself else None
    return OpenInvoice(_agreement(row), invoice_id, row.number, row.left, row.due_on, charge_on, row.came)


def decided_payment(session: Session, payment_id: UUID) -> DecidedPayment:
    """The payment with what a letter about its end needs."""
    row = session.execute(
        select(
            *_AGREEMENT,
            Payment.number,
            Payment.kopecks,
            Payment.status,
            Payment.reason,
            Payment.initiator,
            Payment.decided_at,
            NEXT_ATTEMPT_AT.label("next_attempt_at"),
            Payment.receipt_email,
            Invoice.id.label("invoice_id"),
            Invoice.number.label("invoice_number"),
            Invoice.status.label("invoice_status"),
            Invoice.purpose,
            Invoice.lapses_at,
            Contract.status.label("contract_status"),
            Autopay.status.label("autopay_status"),
            func.coalesce(Payment.paid_with, PaymentMethod.kind).label("method_kind"),
            func.coalesce(Payment.last4, PaymentMethod.last4).label("last4"),
        )
        .select_from(Payment)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.id == payment_id)
    ).one()
    agreement = _agreement(row)
    by_guest = not agreement.email and bool(row.receipt_email)
    return DecidedPayment(
        agreement=replace(agreement, email=row.receipt_email) if by_guest else agreement,
        payment_id=payment_id,
        number=row.number,
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number,
        invoice_is_open=row.invoice_status == "open",
        purpose=row.purpose,
        kopecks=row.kopecks,
        status=row.status,
        reason=row.reason,
        scheduled=row.initiator == "schedule",
        found=row.initiator == "gateway",
        decided_at=row.decided_at,
        next_attempt_at=row.next_attempt_at,
        pay_until=last_day_before(row.lapses_at) if row.lapses_at and row.contract_status == "draft" else None,
        autopay_status=row.autopay_status,
        method=Method(row.method_kind, row.last4) if row.method_kind else None,
        by_guest=by_guest,
    )


def next_charge(session: Session, contract_id: UUID, *, now: datetime) -> NextCharge | None:
    """The next charge that will happen by itself; None when autopay is off, or nothing is to be charged.

    Of a charge that is due and waits for the end of a pause of all charging nobody knows the day.
    """
    rows = session.execute(
        select(Installment.kopecks, *CHARGE_DAY)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .join(Installation, true())
        .outerjoin(Invoice, Invoice.installment_id == Installment.id)
        .outerjoin(NEWEST_NOTICE, true())
        .where(
            Installment.contract_id == contract_id,
            Installment.status.in_(("planned", "invoiced")),
            Autopay.status == "active",
            PaymentMethod.unlinked_at.is_(None),
            PaymentMethod.disabled_reason.is_(None),
            IN_OUR_SHOP,
            ~_COLLECTING,
            or_(PAUSE.is_(None), Installment.charge_at.is_(None), Installment.charge_at > now),
        )
    ).all()
    coming = [NextCharge(day, row.kopecks) for row in rows if (day := charge_day(row, now))]
    return min(coming, key=lambda charge: charge.on, default=None)


def permission(session: Session, autopay_id: UUID) -> Permission:
    """An autopay with its contract, its plan and its method."""
    row = session.execute(
        select(
            *_AGREEMENT,
            Autopay.status,
            Autopay.changed_at,
            Autopay.consent_id,
            Contract.status.label("contract_status"),
            PaymentPlan.kopecks,
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            PaymentMethod.id.label("method_id"),
            PaymentMethod.kind,
            PaymentMethod.last4,
        )
        .select_from(Autopay)
        .join(Contract, Contract.id == Autopay.contract_id)
        .join(Customer, Customer.id == Autopay.customer_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(Autopay.id == autopay_id)
    ).one()
    return Permission(
        agreement=_agreement(row),
        autopay_id=autopay_id,
        status=row.status,
        changed_at=row.changed_at,
        consent_id=row.consent_id,
        contract_status=row.contract_status,
        kopecks=row.kopecks,
        period_unit=row.period_unit,
        period_count=row.period_count,
        method_id=row.method_id,
        method=Method(row.kind, row.last4),
    )


def gone_method(session: Session, method_id: UUID) -> GoneMethod:
    """An unlinked card and the contracts that lost it in that act, whichever of its tokens they rested on."""
    token = aliased(PaymentMethod)
    with_it = token.id.in_(tokens_of_card(method_id)) & (token.unlinked_at == PaymentMethod.unlinked_at)
    lost = (Autopay.method_id == token.id) & (Autopay.changed_at >= token.unlinked_at)
    rows = session.execute(
        select(
            Customer.id.label("customer_id"),
            Customer.email,
            PaymentMethod.kind,
            PaymentMethod.last4,
            PaymentMethod.unlinked_at,
            Contract.id.label("contract_id"),
            Contract.number,
            Contract.title,
        )
        .select_from(PaymentMethod)
        .join(Customer, Customer.id == PaymentMethod.customer_id)
        .join(token, with_it)
        .outerjoin(Autopay, lost)
        .outerjoin(Contract, Contract.id == Autopay.contract_id)
        .where(PaymentMethod.id == method_id)
        .order_by(Contract.number)
    ).all()
    first = rows[0]
    return GoneMethod(
        customer_id=first.customer_id,
        email=first.email or "",
        method=Method(first.kind, first.last4),
        unlinked_at=first.unlinked_at,
        contracts=tuple(LostContract(row.contract_id, row.number, row.title) for row in rows if row.number is not None),
    )


def charges_under_way(
    session: Session, *, method_id: UUID | None = None, autopay_id: UUID | None = None
) -> list[ChargeUnderWay]:
    """Charges of this method's card or this autopay that had left, and whose outcome nobody knows yet."""
    whose = Payment.method_id.in_(tokens_of_card(method_id)) if method_id else Payment.autopay_id == autopay_id
    rows = session.execute(
        select(Payment.number, Payment.kopecks)
        .where(whose, Payment.initiator == "schedule", Payment.status.in_(UNDER_WAY))
        .order_by(Payment.number)
    ).all()
    return [ChargeUnderWay(row.number, row.kopecks) for row in rows]


def open_debts(session: Session, contract_ids: Iterable[UUID]) -> list[Debt]:
    """Open invoices of these contracts, the soonest first; not those that a payment is collecting at this moment."""
    rows = session.execute(
        select(
            Contract.number.label("contract_number"),
            Invoice.id,
            Invoice.number,
            LEFT_TO_PAY.label("kopecks"),
            Invoice.due_on,
        )
        .join(Contract, Contract.id == Invoice.contract_id)
        .where(Invoice.contract_id.in_(list(contract_ids)), Invoice.status == "open", ~_COLLECTING)
        .order_by(Invoice.due_on, Invoice.number)
    ).all()
    return [
        Debt(row.contract_number, row.number, row.kopecks, row.due_on, make_pay_link(session, row.id)) for row in rows
    ]


def told_by_a_decline(session: Session, it: Permission) -> bool:
    """True when the payment whose decline suspended this autopay has a letter of its own."""
    return (
        session.execute(
            select(Payment.id)
            .where(Payment.autopay_id == it.autopay_id, Payment.status == "canceled")
            .where(Payment.decided_at >= it.changed_at)
            .limit(1)
        ).first()
        is not None
    )


def _agreement(row: Any) -> Agreement:
    return Agreement(row.customer_id, row.email or "", row.contract_id, row.contract_number, row.title)
