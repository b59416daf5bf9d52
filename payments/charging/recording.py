"""Outcomes of calls are recorded in bulk: the exchange, and what it changes. No call is made from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select

from kernel import log, outbox
from kernel.clock import business_now
from kernel.db import Session, insert_rows
from kernel.fault import fault
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice
from payments.autopay.notices import announce_invoices
from payments.charging.applying import apply
from payments.charging.models import (
    FINAL,
    LOOK,
    PENDING,
    REJECTED,
    SEND,
    SENDING,
    UNKNOWN,
    WAITING_FOR_CAPTURE,
    GatewayExchange,
    Payment,
)
from payments.charging.pace import next_check
from payments.charging.refused_shop import pause_if_refused
from payments.events import InvoiceIssued, PaymentChanged, PaymentDeclined
from payments.gateway.port import GatewayError, GatewayPayment, NoSuchPayment, NotExecuted, Rejected
from payments.history.noting import note_status
from payments.installation.models import Shop

_log = log.get(__name__)
_DISOWNED_AFTER = timedelta(days=1)
_KEY_KNOWN_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call about one payment."""

    payment_id: UUID
    verb: str
    result: GatewayPayment | GatewayError
    millis: int


def record(session: Session, outcomes: Sequence[Outcome], *, source: str) -> None:
    """Write what the calls brought; repeating it changes nothing more than another line in the exchanges."""
    now = business_now(session)
    insert_rows(session, GatewayExchange, [_exchange(outcome) for outcome in outcomes])
    objects = [_named(outcome, outcome.result) for outcome in outcomes if isinstance(outcome.result, GatewayPayment)]
    applied = apply(session, objects, source=source, now=now)
    fault("record.after_apply")
    refused = {item.gateway_id for item in applied.quarantined}
    for outcome in sorted(outcomes, key=lambda item: item.payment_id):
        if isinstance(outcome.result, GatewayError):
            _settle_error(session, outcome, outcome.result, source, now)
        elif outcome.verb == LOOK or outcome.result.gateway_id in refused:
            _look_again_later(session, outcome, source, now)
    pause_if_refused(session, [outcome.result for outcome in outcomes], now=now)


def _named(outcome: Outcome, item: GatewayPayment) -> GatewayPayment:
    # We know what we sent: an answer that does not echo our metadata still belongs to this payment.
    return item if item.payment_id else replace(item, payment_id=outcome.payment_id)


def _exchange(outcome: Outcome) -> dict[str, object]:
    result = outcome.result
    _log.info(
        "gateway.answered",
        payment_id=str(outcome.payment_id),
        verb=outcome.verb,
        outcome=result.status if isinstance(result, GatewayPayment) else result.outcome,
        millis=outcome.millis,
    )
    if isinstance(result, GatewayPayment):
        facts: dict[str, object] = {"outcome": result.status, "http_status": 200, "request_id": None}
        facts["answer"] = result.sanitised
    else:
        facts = {"outcome": result.outcome, "http_status": result.http_status, "request_id": result.request_id}
        # Their words may hold what PostgreSQL does not take: a zero character, half of a pair of surrogates.
        text = str(result).replace("\0", "").encode(errors="replace").decode()
        facts["answer"] = {"error": log.redact_text(text)[:500]}
    return {
        "payment_id": outcome.payment_id,
        "verb": outcome.verb,
        "millis": outcome.millis,
        **facts,
    }


def _settle_error(session: Session, outcome: Outcome, error: GatewayError, source: str, now: datetime) -> None:
    payment = session.get(Payment, outcome.payment_id, with_for_update={"key_share": True}, populate_existing=True)
    if payment is None or _is_over(payment):
        return
    if _is_being_sent(payment, outcome):
        return
    never_before = payment.sends == 1 and payment.status in (SENDING, UNKNOWN)
    if outcome.verb == SEND and isinstance(error, Rejected) and never_before:
        _reject(session, payment, error, now)
        return
    if payment.status == SENDING or _is_disowned(payment, error, now):
        _become_unknown(session, payment, source)
    _set_next_check(payment, now)
    if outcome.verb == SEND and isinstance(error, NotExecuted) and payment.sends == 1:
        payment.next_check_at = now  # nothing has left yet: the first time that is put right at once


def _is_over(payment: Payment) -> bool:
    return payment.status in FINAL and payment.next_check_at is None


def _is_being_sent(payment: Payment, outcome: Outcome) -> bool:
    # A look that began before another worker's permit says nothing about that worker's call: its lease stays.
    return outcome.verb == LOOK and payment.status == SENDING


def _is_disowned(payment: Payment, error: GatewayError, now: datetime) -> bool:
    # 404 for a payment that the gateway itself has named: another shop's key, or a fault of theirs. It proves nothing,
    # so nothing is sent again; after a day of it the outcome counts as unknown, which staff see.
    sent_at = payment.first_sent_at
    named = payment.status in (PENDING, WAITING_FOR_CAPTURE)
    return named and isinstance(error, NoSuchPayment) and sent_at is not None and sent_at < now - _DISOWNED_AFTER


def _become_unknown(session: Session, payment: Payment, source: str) -> None:
    note_status(session, "payment", payment.id, old=payment.status, new=UNKNOWN, source=source)
    payment.status = UNKNOWN


def _reject(session: Session, payment: Payment, error: Rejected, now: datetime) -> None:
    # The first and only send was refused for certain: nothing happened, nothing will.
    _log.error("payment.rejected", payment_id=str(payment.id), request_id=error.request_id)
    note_status(session, "payment", payment.id, old=payment.status, new=REJECTED, source="answer")
    payment.status, payment.reason, payment.decided_at = REJECTED, "gateway_rejected", now
    payment.lease_until = payment.next_check_at = None
    event = PaymentDeclined if payment.initiator == "schedule" else PaymentChanged
    outbox.record(session, event(payment.id))


def _look_again_later(session: Session, outcome: Outcome, source: str, now: datetime) -> None:
    payment = session.get(Payment, outcome.payment_id, with_for_update={"key_share": True}, populate_existing=True)
    if payment is None or _is_over(payment) or _is_being_sent(payment, outcome):
        return
    if payment.status == SENDING:
        _become_unknown(session, payment, source)
    _set_next_check(payment, now)


def _set_next_check(payment: Payment, now: datetime) -> datetime:
    pause_ends = next_check(now, checks=payment.checks)
    payment.lease_until, payment.next_check_at = None, pause_ends
    payment.checks += 1
    return pause_ends


def give_up_unfound(session: Session, payment_id: UUID, *, listed_at: datetime, account_id: str) -> bool:
    """A list read at `listed_at` did not hold this payment: it never was, if a day has passed since the last send.

    YooKassa keeps a key for 24 h; until then its absence proves nothing. Nor does its absence from the list of another
    shop than the one it was sent to: `account_id` is the shop whose list was read.
    """
    payment = session.execute(
        select(Payment)
        .where(Payment.id == payment_id, Payment.status == UNKNOWN, Payment.gateway_id.is_(None))
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    if payment is None or payment.permit_at is None:
        return False
    provable_at = payment.permit_at + _KEY_KNOWN_FOR
    now = business_now(session)  # to read a list may take minutes
    if not _was_sent_to(session, payment, account_id):
        _log.error("payment.other_shops_list", payment_id=str(payment_id))
        _set_next_check(payment, now)
        return False
    if listed_at < provable_at:
        pause_ends = _set_next_check(payment, now)
        # The first look that can prove something is not missed by a pause of a day.
        payment.next_check_at = min(pause_ends, provable_at)
        return False
    note_status(session, "payment", payment.id, old=UNKNOWN, new=REJECTED, source="list")
    payment.status, payment.reason, payment.decided_at = REJECTED, "not_created", listed_at
    payment.lease_until = payment.next_check_at = None
    if payment.initiator == "schedule":
        _begin_again_once(session, payment, listed_at)
    else:
        outbox.record(session, PaymentChanged(payment_id))
    fault("give_up.before_commit")
    return True


def _begin_again_once(session: Session, payment: Payment, now: datetime) -> None:
    # A second day in vain is no accident: a third warning of a charge that never comes would help nobody.
    earlier = exists().where(
        Payment.invoice_id == payment.invoice_id, Payment.reason == "not_created", Payment.id != payment.id
    )
    if session.execute(select(earlier)).scalar_one():
        payment.reason = "given_up"
    elif not (_notice_counts(session, payment) and announce_invoices(session, [payment.invoice_id], now=now)):
        # Stopped meanwhile: the letter about the stop named this charge as one that may still go through. Or another card
        # has followed, with whose consent what was asked for before is paid by hand.
        outbox.record(session, InvoiceIssued(payment.invoice_id))
    outbox.record(session, PaymentDeclined(payment.id))


def _notice_counts(session: Session, payment: Payment) -> bool:
    counts = exists().where(Notice.id == payment.notice_id, Autopay.id == payment.autopay_id, NOTICE_COUNTS)
    return bool(session.execute(select(counts)).scalar_one())


def _was_sent_to(session: Session, payment: Payment, account_id: str) -> bool:
    return session.execute(select(Shop.account_id).where(Shop.id == payment.shop_id)).scalar_one() == account_id
