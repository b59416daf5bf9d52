"""A first successful payment that saved its method turns the customer's consent into an autopay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import log, outbox
from kernel.db import Session
from kernel.ids import uuid7
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.events import AutopayActivated
from payments.gateway.port import GatewayMethod, GatewayPayment
from payments.history.noting import note_status

_log = log.get(__name__)


def activate_autopays(session: Session, pairs: Sequence[tuple[Payment, GatewayPayment]], *, now: datetime) -> None:
    """Save each method and activate its contract's autopay, unless the consent was withdrawn in the meantime."""
    for payment, item in pairs:
        if item.method is None or not item.method.saved:
            _log.warning("autopay.method_not_saved", payment_id=str(payment.id))
            continue
        method_id = _save_method(session, payment, item.method)
        consent = _living_consent(session, payment)
        if consent is not None:
            _activate(session, payment, consent, method_id, now)


def _save_method(session: Session, payment: Payment, method: GatewayMethod) -> UUID:
    session.execute(
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
        )
        .on_conflict_do_nothing(index_elements=[PaymentMethod.shop_id, PaymentMethod.gateway_id])
    )
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
    last_withdrawn = session.execute(
        select(func.max(Consent.id)).where(
            Consent.contract_id == contract.id, Consent.kind == "recurring", Consent.action == "withdrawn"
        )
    ).scalar_one()
    consent = session.get(Consent, payment.consent_id) if payment.consent_id else None
    if consent is None or consent.id < (last_withdrawn or 0):
        _log.warning("autopay.no_living_consent", payment_id=str(payment.id))
        return None
    return consent


def _activate(session: Session, payment: Payment, consent: Consent, method_id: UUID, now: datetime) -> None:
    values = {
        "customer_id": payment.customer_id,
        "consent_id": consent.id,
        "method_id": method_id,
        "max_kopecks": consent.max_kopecks,
        "status": "active",
        "changed_at": now,
    }
    autopay_id = session.execute(
        insert(Autopay)
        .values(id=uuid7(), contract_id=payment.contract_id, **values)
        .on_conflict_do_update(index_elements=[Autopay.contract_id], set_=values)
        .returning(Autopay.id)
    ).scalar_one()
    note_status(session, "autopay", autopay_id, old=None, new="active", source="payment")
    outbox.record(session, AutopayActivated(autopay_id))
