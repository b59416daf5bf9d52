"""Which letter each event about money brings. A handler only writes the letter; the mail job sends it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kernel.db import Session
from kernel.inbox import Handler, each
from payments.autopay.own_shop import is_card_elsewhere
from payments.events import (
    AutopayActivated,
    AutopayStopped,
    ChargeAnnounced,
    ChargingPaused,
    CustomerChanged,
    InvoiceIssued,
    InvoiceVoided,
    MethodUnlinked,
    PaymentDeclined,
    PaymentSucceeded,
)
from payments.invoicing.links import make_pay_link
from portal.notifications import links, reading
from portal.notifications.asking import ask_to_pay
from portal.notifications.calling_off import called_off, still_comes, taken_back
from portal.notifications.charging_alarms import charging_paused
from portal.notifications.facts import DecidedPayment, Permission
from portal.notifications.letters import queue_letter
from portal.notifications.period_words import period_words
from portal.notifications.reasons import HELD_BACK, TOLD, reason_words
from portal.notifications.repeating import announce_unheard

_STATUS_OF = {"held": "paused", "unconfirmed": "paused"}


def charge_announced(session: Session, event: ChargeAnnounced, _now: datetime) -> None:
    """The warning of a charge, which waits until this very letter has been accepted; none for a charge called off."""
    if not still_comes(session, event.notice_id):
        return
    charge = reading.coming_charge(session, event.notice_id)
    queue_letter(
        session,
        "charge_announced",
        charge.agreement.email,
        {
            "charge": charge,
            "stop_url": links.stop_autopay(charge.agreement.contract_id),
            "unlink_url": links.unlink_method(charge.method_id),
        },
        dedupe_key=f"charge_announced:{event.notice_id}",
        customer_id=charge.agreement.customer_id,
        notice_id=event.notice_id,
    )


def invoice_issued(session: Session, event: InvoiceIssued, _now: datetime) -> None:
    """The request to pay by hand; not for an invoice that was paid or voided before the letter was written."""
    ask_to_pay(session, event.invoice_id)


def invoice_voided(session: Session, event: InvoiceVoided, _now: datetime) -> None:
    """That a charge will not happen, to whoever was warned of it; else that an invoice which was sent is not to be paid.

    Nobody misses the invoice of a purchase that lapsed.
    """
    charge = called_off(session, event.invoice_id)
    if charge is None:
        _take_back(session, event.invoice_id)
        return
    queue_letter(
        session,
        "charge_called_off",
        charge.agreement.email,
        {"charge": charge, "contracts_url": links.autopay()},
        dedupe_key=f"charge_called_off:{event.invoice_id}",
        customer_id=charge.agreement.customer_id,
    )


def payment_succeeded(session: Session, event: PaymentSucceeded, now: datetime) -> None:
    """The confirmation that money came, with the next charge when there will be one."""
    payment = reading.decided_payment(session, event.payment_id)
    contract_id = payment.agreement.contract_id
    queue_letter(
        session,
        "payment_succeeded",
        payment.agreement.email,
        {
            "payment": payment,
            "next": None if payment.by_guest else reading.next_charge(session, contract_id, now=now),
            # A guest has no cabinet: the link by which they paid tells them the same.
            "payment_url": make_pay_link(session, payment.invoice_id)
            if payment.by_guest
            else links.payment(payment.number),
        },
        dedupe_key=f"payment_succeeded:{event.payment_id}",
        customer_id=payment.agreement.customer_id,
        payment_id=event.payment_id,
    )


def payment_declined(session: Session, event: PaymentDeclined, _now: datetime) -> None:
    """What happened, that nothing was taken, and what comes next; silent about what we held back ourselves."""
    payment = reading.decided_payment(session, event.payment_id)
    if payment.status == "rejected" and payment.reason in HELD_BACK and payment.reason not in TOLD:
        return
    queue_letter(
        session,
        "payment_declined",
        payment.agreement.email,
        {
            "payment": payment,
            "story": _story(payment),
            "reason": reason_words(payment.reason),
            "pay_url": make_pay_link(session, payment.invoice_id),
            "stop_url": links.stop_autopay(payment.agreement.contract_id),
        },
        dedupe_key=f"payment_declined:{event.payment_id}",
        customer_id=payment.agreement.customer_id,
        payment_id=event.payment_id,
    )


def autopay_activated(session: Session, event: AutopayActivated, now: datetime) -> None:
    """That it runs, by the customer's consent or again after our pause, when it happens first, and how to stop it."""
    autopay = reading.permission(session, event.autopay_id)
    if autopay.status != "active" or is_card_elsewhere(session, autopay.agreement.contract_id):
        return
    period = period_words(autopay.period_unit, autopay.period_count or 1) if autopay.period_unit else None
    queue_letter(
        session,
        "autopay_activated",
        autopay.agreement.email,
        {
            "autopay": autopay,
            "cause": event.cause,
            "period": period,
            "next": reading.next_charge(session, autopay.agreement.contract_id, now=now),
            "stop_url": links.stop_autopay(autopay.agreement.contract_id),
            "unlink_url": links.unlink_method(autopay.method_id),
        },
        dedupe_key=f"autopay_activated:{event.autopay_id}:{autopay.changed_at.isoformat()}",
        customer_id=autopay.agreement.customer_id,
    )


def autopay_stopped(session: Session, event: AutopayStopped, _now: datetime) -> None:
    """That nothing more is charged, and what happens next. One occasion, one letter: see the exceptions."""
    autopay = reading.permission(session, event.autopay_id)
    # It runs again, or a later stop tells of itself; the letter about an unlinked method tells of its contracts.
    if event.told or autopay.status != _STATUS_OF.get(event.cause, event.cause):
        return
    if event.cause == "suspended" and reading.told_by_a_decline(session, autopay):
        return
    queue_letter(
        session,
        "autopay_stopped",
        autopay.agreement.email,
        {
            "autopay": autopay,
            "cause": event.cause,
            "under_way": reading.charges_under_way(session, autopay_id=event.autopay_id),
            "debts": reading.open_debts(session, [autopay.agreement.contract_id]),
            "contracts_url": links.autopay(),
        },
        dedupe_key=f"autopay_stopped:{event.autopay_id}:{_occasion(event, autopay)}",
        customer_id=autopay.agreement.customer_id,
    )


def method_unlinked(session: Session, event: MethodUnlinked, _now: datetime) -> None:
    """That the card is gone, which contracts lose it, and any charge that had left before."""
    if event.told:
        return
    gone = reading.gone_method(session, event.method_id)
    queue_letter(
        session,
        "method_unlinked",
        gone.email,
        {
            "gone": gone,
            "under_way": reading.charges_under_way(session, method_id=event.method_id),
            "debts": reading.open_debts(session, [contract.id for contract in gone.contracts]),
            "contracts_url": links.autopay(),
        },
        dedupe_key=f"method_unlinked:{event.method_id}",
        customer_id=gone.customer_id,
    )


def customer_changed(session: Session, event: CustomerChanged, now: datetime) -> None:
    """A new address: what could not be announced to the old one is announced again."""
    announce_unheard(session, event.customer_id, now=now)


def _occasion(event: AutopayStopped, autopay: Permission) -> str:
    # One that was at rest when it was restored does not change: its customer is asked all the same.
    changed = autopay.changed_at.isoformat()
    return f"unconfirmed:{changed}" if event.cause == "unconfirmed" else changed


def _take_back(session: Session, invoice_id: UUID) -> None:
    invoice = taken_back(session, invoice_id)
    if invoice is None:
        return
    queue_letter(
        session,
        "invoice_voided",
        invoice.agreement.email,
        {"invoice": invoice},
        dedupe_key=f"invoice_voided:{invoice_id}",
        customer_id=invoice.agreement.customer_id,
        invoice_id=invoice_id,
    )


def _story(payment: DecidedPayment) -> str:
    # The text follows the true cause: a page left open is not a refusal, and our own mistake is not the bank's.
    if payment.status == "rejected":
        return "ours"
    if payment.reason == "expired_on_confirmation":
        return "unfinished"
    return "declined"


HANDLERS = (
    Handler("notifications.charge_announced", ChargeAnnounced, each(charge_announced)),
    Handler("notifications.invoice_issued", InvoiceIssued, each(invoice_issued)),
    Handler("notifications.invoice_voided", InvoiceVoided, each(invoice_voided)),
    Handler("notifications.payment_succeeded", PaymentSucceeded, each(payment_succeeded)),
    Handler("notifications.payment_declined", PaymentDeclined, each(payment_declined)),
    Handler("notifications.autopay_activated", AutopayActivated, each(autopay_activated)),
    Handler("notifications.autopay_stopped", AutopayStopped, each(autopay_stopped)),
    Handler("notifications.method_unlinked", MethodUnlinked, each(method_unlinked)),
    Handler("notifications.customer_changed", CustomerChanged, each(customer_changed)),
    Handler("notifications.charging_paused", ChargingPaused, each(charging_paused)),
)
