"""Trying a failed charge again sooner: what stands against it, and putting it on the way that every charge takes.

Nothing is sent from here. The line becomes due at once; the payment, its permit and its call are those of any charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, true, update
from sqlalchemy.orm import aliased

from kernel import log
from kernel.clock import business_date, start_of
from kernel.db import ReadSession, Session
from kernel.errors import NotFound, Refused
from kernel.settings import get_settings
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice, PaymentMethod
from payments.autopay.notices import announce_invoices
from payments.charging.declines import rule_for
from payments.charging.due import promised_at
from payments.charging.models import LIVE, REFUSED_FOR, REJECTED, Allocation, Payment
from payments.charging.permits import STALE_AFTER
from payments.contracts.models import Contract, Installment
from payments.installation.models import Installation, Shop
from payments.invoicing.models import Invoice

_log = log.get(__name__)
# Why a failed charge cannot be tried again now, the most telling first.
Obstacle = Literal[
    "closed", "live", "partly", "contract", "held", "withdrawn", "suspended", "ended", "unlinked", "consent", "limit",
    "shop", "hard", "stopped", "unheard", "warned", "soon",
]  # fmt: skip
Way = Literal["now", "tomorrow", "announced"]
# Whoever waited for the lock behind another press took the time before it: a line due within this is due.
_AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether an invoice may be charged again now, and how: today, on the next day, or after a fresh notice.

    `attempts` scheduled tries have failed; `at_most` is how many there are for the last reason, retries included.
    `charge_at` is when the next one would come by itself; None when there will be none.
    """

    obstacle: Obstacle | None
    way: Way
    attempts: int
    at_most: int
    charge_at: datetime | None


class CannotRetry(Refused):
    """Something stands against charging this invoice again now: `obstacle` says what."""

    def __init__(self, obstacle: Obstacle) -> None:
        self.obstacle = obstacle
        super().__init__("Повторить это списание сейчас нельзя")


def read_chances(session: Session | ReadSession, invoice_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Chance]:
    """What may be done about each of these invoices whose scheduled charge has failed; others are left out."""
    rows = session.execute(_facts().where(Invoice.id.in_(invoice_ids))).all()
    return {row.id: _chance(row, now) for row in rows}


def retry_charge(session: Session, invoice_id: UUID, *, by: UUID, now: datetime) -> Way:
    """Have a failed charge tried again as soon as the rules allow; `by` is the employee. Says when that will be.

    Pressed twice, or by two people, it is one charge: the second finds the line due, announced or being paid.

    Raises:
        NotFound: no scheduled charge of this invoice has failed.
        CannotRetry: with what stands against it.
    """
    _lock(session, invoice_id)
    chance = read_chances(session, [invoice_id], now=now).get(invoice_id)
    if chance is None:
        raise NotFound
    if chance.obstacle:
        raise CannotRetry(chance.obstacle)
    if chance.way == "announced":
        announce_invoices(session, [invoice_id], now=now)
    line = select(Invoice.installment_id).where(Invoice.id == invoice_id).scalar_subquery()
    due_at = None if chance.way == "announced" else now
    session.execute(update(Installment).where(Installment.id == line).values(charge_at=due_at))
    _log.warning("charge.retried_by_hand", invoice_id=str(invoice_id), way=chance.way, user_id=str(by))
    return chance.way


def _lock(session: Session, invoice_id: UUID) -> None:
    # The order of locks: the permission, shared with permits and put before every stop; the invoice; its line, which
    # the scheduler holds while it writes a charge.
    session.execute(
        select(Autopay.id)
        .join(Invoice, Invoice.contract_id == Autopay.contract_id)
        .where(Invoice.id == invoice_id)
        .with_for_update(of=Autopay, read=True)
    ).all()
    session.execute(select(Invoice.id).where(Invoice.id == invoice_id).with_for_update(key_share=True)).all()
    line = select(Invoice.installment_id).where(Invoice.id == invoice_id).scalar_subquery()
    session.execute(select(Installment.id).where(Installment.id == line).with_for_update(key_share=True)).all()


def _chance(row: Row[Any], now: datetime) -> Chance:
    rule = rule_for(row.reason)
    # Where no further try is planned the customer was told so: then a fresh warning comes first.
    planned = row.charge_at is not None and row.charge_on is not None
    told = planned and promised_at(row.charge_on, row.next_attempt_at) >= now - STALE_AFTER
    tomorrow = row.other_today_at is not None and row.other_today_at >= start_of(business_date(now))
    return Chance(
        _obstacle(row, now),
        ("tomorrow" if tomorrow else "now") if told else "announced",
        row.attempts,
        max(row.attempts, 1 + len(rule.retry_after)),
        row.charge_at,
    )


def _obstacle(row: Row[Any], now: datetime) -> Obstacle | None:
    method_gone = row.unlinked_at is not None or row.disabled_reason is not None
    answers: tuple[tuple[Obstacle, bool], ...] = (
        ("closed", row.invoice_status != "open"),
        ("live", row.live),
        ("partly", row.partly),
        ("contract", row.contract_status != "active"),
        ("held", row.autopay == "paused"),
        ("withdrawn", row.autopay == "withdrawn"),
        ("suspended", row.autopay == "suspended"),
        ("ended", row.autopay == "ended"),
        ("unlinked", method_gone),
        ("consent", row.consent_id != row.own_consent_id),
        ("limit", row.kopecks > row.max_kopecks),
        ("shop", row.account_id != get_settings().yookassa_shop_id),
        # The bank has said that this will not work: trying again is only held against us.
        ("hard", not rule_for(row.reason).retry_after),
        ("stopped", row.charging_paused),
        ("unheard", row.unheard and row.charge_at is None),
        ("warned", row.told_at is not None and row.told_at > now - timedelta(hours=row.notice_hours)),
        ("soon", row.charge_at is not None and row.charge_at <= now + _AT_ONCE),
    )
    return next((name for name, stands in answers if stands), None)


def _facts() -> Select[*tuple[Any, ...]]:
    failed = _newest_charge()
    told = _newest_notice()
    return (
        select(
            Invoice.id,
            Invoice.status.label("invoice_status"),
            Invoice.kopecks,
            Contract.status.label("contract_status"),
            Installment.charge_at,
            Autopay.status.label("autopay"),
            Autopay.consent_id,
            Autopay.max_kopecks,
            PaymentMethod.unlinked_at,
            PaymentMethod.disabled_reason,
            Shop.account_id,
            Installation.charging_paused,
            Installation.notice_hours,
            failed.c.reason,
            failed.c.consent_id.label("own_consent_id"),
            told.c.charge_on,
            told.c.sent_at.label("told_at"),
            exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).label("live"),
            exists().where(Allocation.invoice_id == Invoice.id).label("partly"),
            _unheard().label("unheard"),
            *_counts(),
        )
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(Autopay, Autopay.contract_id == Invoice.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .join(Shop, Shop.id == PaymentMethod.shop_id)
        .join(Installation, true())
        .join(failed, failed.c.was_refused)
        .outerjoin(told, true())
    )


def _newest_charge() -> Any:
    # One that a stop kept from leaving has not failed: what it asked for stays to be paid by hand.
    was_refused = or_(Payment.status != REJECTED, Payment.reason.in_(REFUSED_FOR))
    return (
        select(Payment.reason, Payment.consent_id, was_refused.label("was_refused"))
        .where(Payment.invoice_id == Invoice.id, Payment.initiator == "schedule")
        .order_by(Payment.number.desc())
        .limit(1)
        .lateral("newest_charge")
    )


def _newest_notice() -> Any:
    return (
        select(Notice.charge_on, Notice.sent_at)
        .where(Notice.installment_id == Installment.id, Notice.sent_at.is_not(None), NOTICE_COUNTS)
        .order_by(Notice.sent_at.desc())
        .limit(1)
        .lateral("newest_told")
    )


def _unheard() -> ColumnElement[bool]:
    # A notice is on its way: the charge follows it by itself.
    later = aliased(Notice)
    newer = exists().where(later.installment_id == Notice.installment_id, later.id > Notice.id).correlate(Notice)
    waits = and_(Notice.installment_id == Installment.id, Notice.sent_at.is_(None), NOTICE_COUNTS, ~newer)
    return exists().where(waits).correlate(Installment, Autopay)


def _counts() -> tuple[ColumnElement[Any], ...]:
    mine = (Payment.invoice_id == Invoice.id, Payment.initiator == "schedule")
    other = aliased(Payment)
    tried = select(func.count()).where(*mine, Payment.status == "canceled").correlate(Invoice).scalar_subquery()
    next_at = select(func.max(Payment.next_attempt_at)).where(*mine).correlate(Invoice).scalar_subquery()
    other_at = (
        select(func.max(other.created_at))
        .where(other.contract_id == Invoice.contract_id, other.initiator == "schedule", other.invoice_id != Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    return tried.label("attempts"), next_at.label("next_attempt_at"), other_at.label("other_today_at")
