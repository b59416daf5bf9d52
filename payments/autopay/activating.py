"""A first successful payment that saved its method turns the customer's consent into an autopay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert

from kernel import log, outbox
from kernel.db import Session
from kernel.ids import uuid7
from payments.autopay.barrier import disarm_lines
from payments.autopay.cards import is_unlinked_since
from payments.autopay.consents import is_withdrawn
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.events import AutopayActivated, AutopayStopped, InvoiceIssued
from payments.gateway.port import GatewayMethod, GatewayPayment
from payments.history.noting import note_status
from payments.installation.models import Installation
from payments.invoicing.models import Invoice

_log = log.get(__name__)


def activate_autopays(session: Session, pairs: Sequence[tuple[Payment, GatewayPayment]], *, now: datetime) -> None:
    """Save each method and activate its contract's autopay, unless one of them was stopped in the meantime.

    The gateway keeps a method that comes after its consent was taken back, after its contract was suspended or ended, or
    after the customer unlinked the same card while the payment was open.
    Our row of it is the evidence: unlinked from the start, with a line of history, so that nothing can charge it and no
    page of the customer's shows it as linked. What was announced under an earlier permission that stands is charged then.
    """
    for payment, item in pairs:
        if item.method is None or not item.method.saved:
            _log.warning("autopay.method_not_saved", payment_id=str(payment.id))
            continue
        consent = _living_consent(session, payment)
        if consent is not None and _is_card_gone(session, payment, item.method):
            consent = None
        method_id = _save_method(session, payment, item.method, unlinked_at=None if consent else now)
        if consent is not None:
            _activate(session, payment, consent, method_id, now)


def _save_method(session: Session, payment: Payment, method: GatewayMethod, *, unlinked_at: datetime | None) -> UUID:
    new_id = session.execute(
        insert(PaymentMethod)
        .values(
            id=uuid7(),
            customer_id=payment.customer_id,
            shop_id=payment.shop_id,
            gateway_id=method.gateway_id,
            kind=method.kind,
            title=method.title,
            last4=method.last4,
            card_type=method.card_type,
            expiry_year=method.expiry_year,
            expiry_month=method.expiry_month,
            unlinked_at=unlinked_at,
        )
        .on_conflict_do_nothing(index_elements=[PaymentMethod.shop_id, PaymentMethod.gateway_id])
        .returning(PaymentMethod.id)
    ).scalar_one_or_none()
    if new_id is not None:
        if unlinked_at is not None:
            note_status(session, "payment_method", new_id, old=None, new="unlinked", source="payment")
        return new_id
    return session.execute(
        select(PaymentMethod.id).where(
            PaymentMethod.shop_id == payment.shop_id, PaymentMethod.gateway_id == method.gateway_id
        )
    ).scalar_one()


def _living_consent(session: Session, payment: Payment) -> Consent | None:
    # Shared with whoever withdraws, suspends or ends at this moment: one of the two goes first and is seen by the other.
    contract = session.get_one(Contract, payment.contract_id, with_for_update={"read": True}, populate_existing=True)
    if contract.status != "active":
        _log.warning("autopay.contract_not_active", payment_id=str(payment.id))
        return None
    consent = session.get(Consent, payment.consent_id) if payment.consent_id else None
    if consent is None or is_withdrawn(session, consent):
        _log.warning("autopay.no_living_consent", payment_id=str(payment.id))
        return None
    return consent


def _is_card_gone(session: Session, payment: Payment, method: GatewayMethod) -> bool:
    # Shared with whoever unlinks at this moment: one of the two goes first and is seen by the other.
    session.get(Customer, payment.customer_id, with_for_update={"read": True})
    if not is_unlinked_since(session, payment.customer_id, method, payment.created_at):
        return False
    _log.warning("autopay.card_unlinked_meanwhile", payment_id=str(payment.id))
    return True


def _activate(session: Session, payment: Payment, consent: Consent, method_id: UUID, now: datetime) -> None:
    # After a restore: what its customer may have taken back since the backup waits for the customer's word.
    unconfirmed = session.scalars(
        select(Installation.unconfirmed_before).where(Installation.unconfirmed_before > consent.at)
    ).one_or_none()
    values = {
        "customer_id": payment.customer_id,
        "consent_id": consent.id,
        "method_id": method_id,
        "max_kopecks": consent.max_kopecks,
        "status": "paused" if unconfirmed else "active",
        "unconfirmed_since": unconfirmed,
        "changed_at": now,
    }
    # An employee's pause outlives a payment that was on its way: the new permission rests until it is resumed.
    resting = case((Autopay.held_at.is_not(None), "paused"), else_=values["status"])
    autopay_id, status = session.execute(
        insert(Autopay)
        .values(id=uuid7(), contract_id=payment.contract_id, **values)
        .on_conflict_do_update(index_elements=[Autopay.contract_id], set_=values | {"status": resting})
        .returning(Autopay.id, Autopay.status)
    ).one()
    note_status(session, "autopay", autopay_id, old=None, new=status, source="payment")
    # The consent to it says that what was asked for before is paid by hand. Only an autopay that was there before has
    # armed a line, and `apply` has locked that one first: whoever stops or charges does not hold the lines meanwhile.
    disarmed = disarm_lines(session, [payment.contract_id])
    # They were told that these would be charged.
    debts = (
        select(Invoice.id).where(Invoice.installment_id.in_(disarmed), Invoice.status == "open").order_by(Invoice.id)
    )
    outbox.record(session, *(InvoiceIssued(invoice_id) for invoice_id in session.scalars(debts)))
    outbox.record(session, AutopayStopped(autopay_id, "unconfirmed") if unconfirmed else AutopayActivated(autopay_id))
