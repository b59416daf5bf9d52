"""What somebody must decide: counts that are worth a card only when they are not zero. Sums are kopecks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from kernel.clock import start_of
from kernel.db import ReadSession
from kernel.outbox import Delivery
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.charging.models import CANCELED, LEFT_TO_PAY, LIVE, REFUSED_FOR, REJECTED, SENDING, UNKNOWN, Payment
from payments.contracts.models import Installment
from payments.invoicing.models import Invoice
from payments.reconciliation.models import Difference
from payments.webhooks.models import InboundWebhook
from portal.doctor.models import CheckResult
from portal.notifications.models import Message
from portal.web.staff.queries.debts import overdue
from portal.web.staff.queries.late import is_late

UNKNOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Attention:
    """How much of each there is."""

    failed: int
    failed_kopecks: int
    overdue: int
    overdue_kopecks: int
    late: int
    late_kopecks: int
    unheard: int
    unknown: int
    unknown_kopecks: int
    odd: int
    differing: int
    broken: int
    suspended: int
    unconfirmed: int
    expiring: int
    forged: int
    dead: int

    def __bool__(self) -> bool:
        return any(
            (
                self.failed,
                self.overdue,
                self.late,
                self.unheard,
                self.unknown,
                self.odd,
                self.differing,
                self.broken,
                self.suspended,
                self.unconfirmed,
                self.expiring,
                self.forged,
                self.dead,
            )
        )


def is_failed_charge() -> ColumnElement[bool]:
    """Charges that the bank declined or the gateway did not take, whose invoice is open and that nothing has overtaken.

    A newer charge overtakes them, and whatever is under way; a customer's own try that failed as well does not.
    """
    newer = aliased(Payment)
    refused = and_(Payment.status == REJECTED, Payment.reason.in_(REFUSED_FOR))
    return and_(
        or_(Payment.status == CANCELED, refused),
        Payment.initiator == "schedule",
        exists().where(Invoice.id == Payment.invoice_id, Invoice.status == "open").correlate(Payment),
        ~exists()
        .where(
            newer.invoice_id == Payment.invoice_id,
            newer.number > Payment.number,
            or_(newer.initiator == "schedule", newer.status.in_(LIVE)),
        )
        .correlate(Payment),
    )


def is_long_unknown(now: datetime) -> ColumnElement[bool]:
    """Payments that were sent more than an hour before `now` and whose outcome nobody knows."""
    return and_(Payment.status.in_((SENDING, UNKNOWN)), Payment.first_sent_at < now - UNKNOWN_FOR)


def is_expiring(today: date) -> ColumnElement[bool]:
    """Running autopays whose card does not serve beyond the next month: its owner has to give another one."""
    following = today + relativedelta(months=1)
    last = tuple_(PaymentMethod.expiry_year, PaymentMethod.expiry_month)
    dying = select(PaymentMethod.id).where(
        PaymentMethod.unlinked_at.is_(None), last <= tuple_(following.year, following.month)
    )
    return and_(Autopay.status == "active", Autopay.method_id.in_(dying))


def read_attention(session: ReadSession, *, today: date, now: datetime) -> Attention:
    """All counts in one query."""
    failed, unknown = is_failed_charge(), is_long_unknown(now)
    row = session.execute(
        select(
            select(func.count()).where(failed).scalar_subquery(),
            select(func.coalesce(func.sum(Payment.kopecks), 0)).where(failed).scalar_subquery(),
            select(func.count()).where(overdue(today)).scalar_subquery(),
            select(func.coalesce(func.sum(LEFT_TO_PAY), 0)).where(overdue(today)).scalar_subquery(),
            _late(func.count(), today),
            _late(func.coalesce(func.sum(Installment.kopecks), 0), today),
            select(func.count(Notice.id.distinct())).where(*_unheard()).scalar_subquery(),
            select(func.count()).where(unknown).scalar_subquery(),
            select(func.coalesce(func.sum(Payment.kopecks), 0)).where(unknown).scalar_subquery(),
            select(func.count()).where(Payment.oddity.is_not(None)).scalar_subquery(),
            select(func.count()).where(Difference.resolved_at.is_(None)).scalar_subquery(),
            select(func.count()).where(CheckResult.broken_since.is_not(None)).scalar_subquery(),
            select(func.count()).where(Autopay.status == "suspended").scalar_subquery(),
            select(func.count()).where(Autopay.unconfirmed_since.is_not(None)).scalar_subquery(),
            select(func.count()).where(is_expiring(today)).scalar_subquery(),
            select(func.count())
            .where(InboundWebhook.status == "forged", InboundWebhook.created_at >= start_of(today))
            .scalar_subquery(),
            select(func.count()).where(Delivery.dead_at.is_not(None)).scalar_subquery(),
        )
    ).one()
    return Attention(*(int(value) for value in row))


def _late(what: ColumnElement[Any], today: date) -> ScalarSelect[Any]:
    return (
        select(what)
        .select_from(Installment)
        .join(Invoice, Invoice.installment_id == Installment.id)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .where(is_late(today))
        .scalar_subquery()
    )


def _unheard() -> tuple[ColumnElement[bool], ...]:
    # The charge waits for a letter that did not leave; a later notice of the same line takes its place.
    later = aliased(Notice)
    return (
        Message.notice_id == Notice.id,
        Message.status == "failed",
        Notice.sent_at.is_(None),
        Installment.id == Notice.installment_id,
        Installment.status == "invoiced",
        exists().where(Autopay.contract_id == Installment.contract_id, Autopay.status == "active"),
        ~exists().where(later.installment_id == Notice.installment_id, later.id > Notice.id),
    )
