"""The charge run: permit, hand to an idle thread, go on. One charge is a batch of one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from kernel import log, outbox
from kernel.clock import business_now
from kernel.db import Session, begin
from kernel.fault import fault
from kernel.ids import process_name
from payments.autopay.models import Autopay
from payments.autopay.notices import announce_invoices
from payments.charging.models import Payment
from payments.charging.permits import permit_customer, permit_scheduled, refuse
from payments.charging.sending import Sender, sender
from payments.events import InvoiceIssued

_log = log.get(__name__)
CHARGE = "charge"
BATCH = 100
_SLOT_WAIT_S = 30.0
_BY_HAND = ("over_limit", "other_shop", "partly_paid")


def charge(ids: list[str]) -> None:
    """Send the payments among these that may be sent now. Ids are a hint: what is done or locked is passed over."""
    through = sender()
    pending = [UUID(item) for item in ids]
    while pending:
        slots = through.take_slots(min(len(pending), BATCH), _SLOT_WAIT_S)
        if not slots:
            return  # all threads are busy, or the process ends: the sweep hints at the rest again
        chunk, pending = pending[:slots], pending[slots:]
        _send_chunk(through, chunk)


def resend(payment_id: UUID) -> bool:
    """Send an unknown payment again with its own key and bytes, if a permit still allows it; say whether it did."""
    through = sender()
    slots = through.take_repeat_slot(_SLOT_WAIT_S)
    if not slots:
        return True  # not a refusal: it is tried at the next look
    sent = 0
    try:
        with begin() as session:
            permits = permit_scheduled(session, [payment_id], worker=process_name(), again=True) or permit_customer(
                session, [payment_id], worker=process_name(), again=True
            )
            fault("resend.before_permit_commit")
        fault("resend.after_permit")
        through.send(permits)
        sent = len(permits)
    finally:
        through.give_back(slots - sent)
    return bool(permits)


def _send_chunk(through: Sender, chunk: Sequence[UUID]) -> None:
    sent = 0
    try:
        with begin() as session:
            permits = permit_scheduled(session, chunk, worker=process_name())
            fault("charge.before_permit_commit")
        fault("charge.after_permit")
        through.send(permits)
        sent = len(permits)
    finally:
        through.give_back(len(chunk) - sent)
    permitted = {permit.payment_id for permit in permits}
    _refuse([item for item in chunk if item not in permitted])


def _refuse(ids: Sequence[UUID]) -> None:
    if not ids:
        return
    with begin() as session:
        refused = refuse(session, ids)
        _tell(session, refused)
    for payment_id, reason in refused.items():
        _log.info("charge.refused", payment_id=str(payment_id), reason=reason)


def _tell(session: Session, refused: dict[UUID, str]) -> None:
    # What can only be paid by hand is asked for; what lacks its notice gets one.
    goes_on = (Autopay.status == "active").label("goes_on")
    rows = session.execute(
        select(Payment.id, Payment.invoice_id, goes_on)
        .join(Autopay, Autopay.id == Payment.autopay_id)
        .where(Payment.id.in_(refused))
    ).all()
    invoices = {row.id: row.invoice_id for row in rows}
    # Where an autopay goes on, another card has followed: no letter about a stop has named the debt.
    followed = {row.id for row in rows if row.goes_on and refused[row.id] == "withdrawn"}
    by_hand = [invoices[key] for key, reason in refused.items() if reason in _BY_HAND or key in followed]
    outbox.record(session, *(InvoiceIssued(invoice_id) for invoice_id in by_hand))
    unannounced = [invoices[key] for key, reason in refused.items() if reason in ("no_notice", "stale")]
    announce_invoices(session, unannounced, now=business_now(session))
