"""A payment that the customer makes on the gateway's page: the intent first, then the call, then the redirect."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import outbox
from kernel.db import Session, read, repeating
from kernel.errors import NotFound, Refused
from kernel.fault import fault
from kernel.ids import process_name, uuid7
from kernel.money import Money
from kernel.settings import get_settings
from payments.autopay.models import Autopay
from payments.charging.bodies import Subject, hosted_body
from payments.charging.checking import CHECK
from payments.charging.models import CREATED, LIVE, REJECTED, SEND, UNKNOWN, UNSENT, Allocation, Payment
from payments.charging.pace import HINT_LIFE
from payments.charging.permits import permit_customer
from payments.charging.recording import Outcome, record
from payments.charging.sending import send_once
from payments.contracts.models import Contract, Installment
from payments.contracts.opening import MINIMUM_KOPECKS
from payments.gateway.transport import Deadlines
from payments.gateway.yookassa import YooKassa
from payments.history.noting import note_status
from payments.installation.models import Installation
from payments.installation.setup import paying_shop
from payments.invoicing.models import Invoice
from payments.reconciliation.standing import require_proof

_TOKEN_BYTES = 24
# An intent that is not sent by then never will be: the process died before the call.
_ABANDONED_AFTER = timedelta(minutes=15)
# A person waits at most this long; then the page polls and a worker finishes with the same key.
_DEADLINES = Deadlines(connect=3, read=8, total=10)
_CALLS = threading.BoundedSemaphore(6)


class PaymentUnderWay(Refused):
    """Another payment of this invoice is not finished yet; `payment_id` is the one to look at."""

    def __init__(self, payment_id: UUID, return_token: str | None) -> None:
        self.payment_id = payment_id
        self.return_token = return_token
        super().__init__("По этому счёту уже идёт платёж")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment to be made: its id, and the token of its return page."""

    payment_id: UUID
    return_token: str


def prepare_checkout(
    session: Session,
    invoice_id: UUID,
    *,
    customer_id: UUID,
    consent_id: int | None,
    now: datetime,
    receipt_email: str | None = None,
) -> Checkout:
    """Write the intent to pay what is left of an invoice on the gateway's page.

    With a consent the method is saved, without it never. A second click or tab gets the payment that is already there.
    An automatic charge that has not been sent gives way: whoever wants to pay need not wait for it. The payer is told
    of the payment at `receipt_email` where the customer has no address.

    Raises:
        NotFound: no such invoice of this customer.
        CompanyNotNamed: no company is named for the shop of the settings.
        Refused: it is not open, or less than the gateway's smallest sum is left of it; or its legal entity has no shop
            now; or the database came from a backup, and may not know that it was paid.
        PaymentUnderWay: another kind of payment of this invoice is not finished.
    """
    invoice = _lock_open(session, invoice_id, customer_id)
    _require_known(session, invoice)
    live = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id, Payment.status.in_(LIVE))).first()
    if live is None or _gives_way(session, live, now):
        return _write(session, invoice, consent_id, now, receipt_email)
    same_kind = live.initiator == "customer" and live.saves_method == (consent_id is not None)
    if not same_kind or live.return_token is None:
        raise PaymentUnderWay(live.id, live.return_token)
    return Checkout(live.id, live.return_token)


def send_checkout(payment_id: UUID) -> str | None:
    """Call the gateway for one prepared payment, outside any transaction, and return its page's address.

    None means that nobody knows yet: the return page polls, a worker repeats the call with the same key.
    """
    status, url = _status_and_page(payment_id)
    if status != CREATED:
        return url
    if not _CALLS.acquire(timeout=1):
        repeating(partial(_leave_to_worker, payment_id=payment_id))
        return None
    try:
        _send(payment_id)
    finally:
        _CALLS.release()
    return _status_and_page(payment_id)[1]


def _lock_open(session: Session, invoice_id: UUID, customer_id: UUID) -> Invoice:
    invoice = session.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id, Invoice.customer_id == customer_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if invoice is None:
        raise NotFound
    if invoice.status != "open":
        raise Refused("Счёт уже оплачен или закрыт")
    # The scheduler writes the automatic charge while it holds the line, not the invoice: whoever is first is seen by
    # the other. A stronger lock on the invoice would not do: the scheduler's row refers to it before it is found.
    session.execute(
        select(Installment.id).where(Installment.id == invoice.installment_id).with_for_update(key_share=True)
    ).all()
    return invoice


def _require_known(session: Session, invoice: Invoice) -> None:
    # What was charged after the backup looks open until the gateway's lists are read and their money is taken over.
    since = session.execute(select(Installation.unproven_since)).scalar_one_or_none()
    if since is None:
        return
    if session.get_one(Contract, invoice.contract_id).created_at > since:
        return
    try:
        require_proof(session, get_settings().yookassa_shop_id, since)
    except Refused as error:
        raise Refused(
            "Мы сверяем платежи с ЮKassa: этот счёт, возможно, уже оплачен. Попробуйте немного позже"
        ) from error


def _gives_way(session: Session, live: Payment, now: datetime) -> bool:
    # One that a worker holds at this moment is as good as sent. The line's instant comes back with the charge: if the
    # customer gives up, it is written anew.
    mine = select(Payment).where(Payment.id == live.id, UNSENT)
    unsent = session.scalars(
        mine.with_for_update(key_share=True, skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()
    if unsent is None:
        return False
    note_status(session, "payment", unsent.id, old=CREATED, new=REJECTED, source="checkout")
    unsent.status, unsent.reason, unsent.decided_at = REJECTED, "paid_by_hand", now
    unsent.lease_until = None
    line = select(Invoice.installment_id).where(Invoice.id == unsent.invoice_id).scalar_subquery()
    permitted = select(Autopay.id).where(Autopay.id == unsent.autopay_id, Autopay.status == "active").exists()
    session.execute(update(Installment).where(Installment.id == line, permitted).values(charge_at=unsent.created_at))
    session.flush()  # the index lets only one live payment in
    return True


def _left_to_pay(session: Session, invoice: Invoice) -> int:
    counted = select(func.coalesce(func.sum(Allocation.kopecks), 0)).where(Allocation.invoice_id == invoice.id)
    left = invoice.kopecks - int(session.execute(counted).scalar_one())
    if left < MINIMUM_KOPECKS:
        raise Refused("По этому счёту осталось доплатить меньше рубля: картой столько не оплатить")
    return left


def _status_and_page(payment_id: UUID) -> tuple[str, str | None]:
    with read() as session:
        row = session.execute(select(Payment.status, Payment.confirmation_url).where(Payment.id == payment_id)).one()
    return row.status, row.confirmation_url


def _send(payment_id: UUID) -> None:
    permits = repeating(partial(permit_customer, ids=[payment_id], worker=process_name()))
    fault("checkout.after_permit")
    for permit in permits:
        started = time.monotonic()
        result = send_once(YooKassa.of(get_settings(), _DEADLINES), permit)
        fault("checkout.after_answer")
        outcome = Outcome(payment_id, SEND, result, int((time.monotonic() - started) * 1000))
        repeating(partial(record, outcomes=[outcome], source="answer"))
        fault("checkout.after_commit")


def _leave_to_worker(session: Session, payment_id: UUID) -> None:
    # Six calls are under way already: this one is not lost, the poller sends it with its own key.
    payment = session.get(Payment, payment_id, with_for_update={"key_share": True})
    if payment is not None and payment.status == CREATED:
        note_status(session, "payment", payment.id, old=CREATED, new=UNKNOWN, source="system")
        payment.status, payment.next_check_at, payment.lease_until = UNKNOWN, payment.created_at, HINT_LIFE
        outbox.hint(session, outbox.Hint(CHECK, (payment_id,)))


def _write(
    session: Session, invoice: Invoice, consent_id: int | None, now: datetime, receipt_email: str | None
) -> Checkout:
    payment_id, token = uuid7(), secrets.token_urlsafe(_TOKEN_BYTES)
    kopecks = _left_to_pay(session, invoice)
    subject = Subject(payment_id, invoice.id, invoice.contract_id, invoice.purpose, Money(kopecks))
    return_url = f"{get_settings().base_url}/payments/{token}/return"
    # No saved card is used: it is paid where we have a key now, not in the shop of the contract's day.
    shop = paying_shop(session, get_settings(), invoice.legal_entity_id)
    session.add(
        Payment(
            id=payment_id,
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            contract_id=invoice.contract_id,
            shop_id=shop.id,
            consent_id=consent_id,
            initiator="customer",
            kopecks=kopecks,
            body=hosted_body(subject, return_url=return_url, saves_method=consent_id is not None),
            return_token=token,
            saves_method=consent_id is not None,
            receipt_email=receipt_email,
            created_at=now,
            next_check_at=now + _ABANDONED_AFTER,
        )
    )
    session.flush()  # a second tab must meet the live row, not a later error
    return Checkout(payment_id, token)
