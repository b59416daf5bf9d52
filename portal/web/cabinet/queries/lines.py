"""Everything that is still to be paid, across all contracts of the viewer, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, exists, func, or_, select, true

from kernel.clock import business_date
from kernel.db import ReadSession, Session, given
from payments.autopay.models import Autopay, PaymentMethod
from payments.autopay.own_shop import CARD_ELSEWHERE, SHOWN_STATUS
from payments.charging.coming import CHARGE_DAY, NEWEST_NOTICE, charge_day
from payments.charging.models import (
    CANCELED,
    CREATED,
    LEFT_TO_PAY,
    LIVE,
    PENDING,
    REFUSED_FOR,
    REJECTED,
    Payment,
)
from payments.charging.stalled import PAUSE, Stall
from payments.contracts.models import ON_PAYMENT, Contract, Installment, PaymentPlan
from payments.contracts.periods import Period, Unit
from payments.contracts.planning import upcoming_dates
from payments.installation.models import Installation
from payments.invoicing.models import Invoice
from portal.notifications.pay_until import last_day_before
from portal.notifications.period_words import period_words
from portal.web.cabinet.method_titles import method_title
from portal.web.kit.i18n import gettext as _

_DATES_AHEAD = 3
_RUNNING = ("draft", "active")
_STOPPED = ("suspended", "ended")


@dataclass(frozen=True, slots=True)
class LastPayment:
    """The newest attempt to collect an invoice, and how many kopecks it asked for."""

    number: int
    status: str
    initiator: str
    kopecks: int
    reason: str | None
    return_token: str | None

    @property
    def is_live(self) -> bool:
        """Not decided yet: nothing else may be tried meanwhile."""
        return self.status in LIVE

    @property
    def is_unsent(self) -> bool:
        """An automatic charge that is written and has not left."""
        return self.status == CREATED and self.initiator == "schedule"

    @property
    def waits_for_payer(self) -> bool:
        """Its page at the gateway is open, and only the customer can go on."""
        return self.status == PENDING and self.return_token is not None


@dataclass(frozen=True, slots=True)
class Card:
    """A saved method as its owner knows it; it is good until the last day of `expires`, a (year, month)."""

    id: UUID
    kind: str
    last4: str | None
    expires: tuple[int, int] | None
    usable: bool

    @property
    def title(self) -> str:
        """«Карта •• 4477»."""
        return method_title(self.kind, self.last4)

    @property
    def expires_on(self) -> date | None:
        """The last day on which it works."""
        if self.expires is None:
            return None
        year, month = self.expires
        first_of_next = date(year + month // 12, month % 12 + 1, 1)
        return first_of_next - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueLine:
    """One due line that is planned or invoiced, with its contract, its permission and its newest payment.

    `kopecks` are what is left to pay of it.
    `charge_on` is the business date of the next automatic try; None when nothing will be charged by itself, or nobody
    knows when: `stalled` says that its charge is due, was not sent and waits for the end of a pause of all charging.
    `failed_before`: a charge of it was refused before.
    `announced_on` is the date that its last warning named. `following` are the due dates of the next lines, which are
    not stored yet; `moves_on_payment` says that they come only when this one is paid. `pay_until` is the last day on
    which a purchase that was never paid can be paid. `unconfirmed`: its autopay waits for the customer's word;
    `card_elsewhere`: it is told as suspended, because its card was saved in another shop.
    """

    contract_id: UUID
    contract_number: str
    title: str
    contract_status: str
    is_draft: bool
    period: Period | None
    number: int
    status: str
    due_on: date
    kopecks: int
    charge_on: date | None
    stalled: Stall | None
    invoice_id: UUID | None
    autopay: str | None
    card_elsewhere: bool
    unconfirmed: bool
    card: Card | None
    noticed_at: datetime | None
    announced_on: date | None
    payment: LastPayment | None
    failed_before: bool
    following: tuple[date, ...]
    moves_on_payment: bool
    pay_until: date | None
    plan_kopecks: int
    notice: timedelta

    @property
    def is_stopped(self) -> bool:
        """Its contract is suspended or has ended: it is a debt, and nothing follows."""
        return self.contract_status in _STOPPED

    @property
    def recurring(self) -> bool:
        """Whether more lines follow."""
        return self.period is not None

    @property
    def how_often(self) -> str:
        """«каждый месяц», «один раз»."""
        return period_words(self.period.unit, self.period.count) if self.period else _("один раз")

    @property
    def on(self) -> date:
        """When money moves: the charge if there will be one, else the date by which to pay."""
        return self.charge_on or self.due_on

    @property
    def to_pay(self) -> bool:
        """Asked for, and the customer must act: nothing is under way and nothing will be charged by itself."""
        return (
            self.status == "invoiced"
            and self.charge_on is None
            and self.stalled is None
            and not (self.payment and self.payment.is_live)
            and not self.is_draft
        )

    @property
    def unfinished(self) -> bool:
        """A purchase that was begun and not paid; it can still be paid, and lapses by itself."""
        return self.is_draft and self.status == "invoiced" and not (self.payment and self.payment.is_live)

    @property
    def repeats(self) -> bool:
        """Its next charge is not the one that the warning named: that one failed."""
        return bool(self.charge_on and self.noticed_at and self.announced_on and self.failed_before)

    @property
    def comes_late(self) -> bool:
        """Its charge has not been tried yet, and comes later than the warning said."""
        if not (self.charge_on and self.noticed_at and self.announced_on) or self.repeats:
            return False
        return self.announced_on < self.charge_on

    @property
    def notice_on(self) -> date:
        """The date of the letter that warns of the charge: the one sent, or the one on which it is due."""
        return business_date(self.noticed_at) if self.noticed_at else self.on - self.notice


def read_due_lines(
    session: Session | ReadSession, customer_ids: Sequence[UUID], *, now: datetime, contract_id: UUID | None = None
) -> list[DueLine]:
    """What is planned or invoiced for these customers (or for one contract of theirs), the soonest first.

    Of a contract that is suspended or ended only what was invoiced before: its debts.
    """
    statement = _OF_CUSTOMERS if contract_id is None else _OF_CONTRACT
    rows = session.execute(statement, {"customer_ids": list(customer_ids), "contract_id": contract_id})
    found = [_line(row, now) for row in rows]
    return sorted(found, key=lambda line: (line.on, line.contract_number))


def last_payment(row: Row[Any]) -> LastPayment | None:
    """The payment that a query has joined to its invoice; None when there is none."""
    if row.payment_number is None:
        return None
    return LastPayment(
        row.payment_number, row.payment_status, row.initiator, row.payment_kopecks, row.reason, row.return_token
    )


def _statement() -> Select[*tuple[Any, ...]]:
    attempt = (
        select(Payment.number, Payment.status, Payment.initiator, Payment.kopecks, Payment.reason, Payment.return_token)
        .where(Payment.invoice_id == Invoice.id)
        .order_by(Payment.id.desc())
        .limit(1)
        .lateral("newest_payment")
    )
    failed = or_(Payment.status == CANCELED, and_(Payment.status == REJECTED, Payment.reason.in_(REFUSED_FOR)))
    failed_before = exists().where(Payment.invoice_id == Invoice.id, Payment.initiator == "schedule", failed)
    return (
        select(
            Contract.id.label("contract_id"),
            Contract.number.label("contract_number"),
            Contract.title,
            Contract.status.label("contract_status"),
            Contract.advance,
            PaymentPlan.kind,
            PaymentPlan.kopecks.label("plan_kopecks"),
            PaymentPlan.period_unit,
            PaymentPlan.period_count,
            PaymentPlan.anchor_on,
            Installment.number,
            func.coalesce(LEFT_TO_PAY, Installment.kopecks).label("kopecks"),
            *CHARGE_DAY,
            Invoice.id.label("invoice_id"),
            Invoice.lapses_at,
            SHOWN_STATUS.label("autopay"),
            CARD_ELSEWHERE.label("card_elsewhere"),
            Autopay.unconfirmed_since.is_not(None).label("unconfirmed"),
            PaymentMethod.id.label("method_id"),
            PaymentMethod.kind.label("method_kind"),
            PaymentMethod.last4,
            PaymentMethod.expiry_year,
            PaymentMethod.expiry_month,
            and_(PaymentMethod.unlinked_at.is_(None), PaymentMethod.disabled_reason.is_(None)).label("usable"),
            attempt.c.number.label("payment_number"),
            attempt.c.status.label("payment_status"),
            attempt.c.initiator,
            attempt.c.kopecks.label("payment_kopecks"),
            attempt.c.reason,
            attempt.c.return_token,
            failed_before.correlate(Invoice).label("failed_before"),
            PAUSE.label("pause"),
        )
        .select_from(Contract)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .join(Installment, Installment.contract_id == Contract.id)
        .join(Installation, true())
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .outerjoin(Invoice, Invoice.installment_id == Installment.id)
        .outerjoin(NEWEST_NOTICE, true())
        .outerjoin(attempt, true())
        .where(
            or_(
                and_(Contract.status.in_(_RUNNING), Installment.status.in_(("planned", "invoiced"))),
                # What was asked for stays a debt when the contract rests or is over; nothing of it comes after that.
                and_(Contract.status.in_(_STOPPED), Installment.status == "invoiced"),
            )
        )
        .order_by(Installment.due_on, Contract.number)
    )


_OF_CUSTOMERS = _statement().where(given(Contract.customer_id, "customer_ids"))
_OF_CONTRACT = _OF_CUSTOMERS.where(Contract.id == bindparam("contract_id"))


def _line(row: Row[Any], now: datetime) -> DueLine:
    payment = last_payment(row)
    charge_on = _charge_on(row, payment, now)
    stalled = _stalled(row, payment, charge_on, now)
    unit: Unit = row.period_unit
    plan = PaymentPlan(
        kind=row.kind, period_unit=row.period_unit, period_count=row.period_count, anchor_on=row.anchor_on
    )
    following = () if row.contract_status in _STOPPED else upcoming_dates(plan, row.number, _DATES_AHEAD)
    return DueLine(
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        title=row.title,
        contract_status=row.contract_status,
        is_draft=row.contract_status == "draft",
        period=Period(unit, row.period_count) if row.period_unit else None,
        number=row.number,
        status=row.status,
        due_on=row.due_on,
        kopecks=row.kopecks,
        charge_on=None if stalled else charge_on,
        stalled=stalled,
        invoice_id=row.invoice_id,
        autopay=row.autopay,
        card_elsewhere=row.card_elsewhere,
        unconfirmed=row.unconfirmed,
        card=_card(row),
        noticed_at=row.noticed_at,
        announced_on=row.announced_on,
        payment=payment,
        failed_before=row.failed_before,
        following=tuple(following),
        moves_on_payment=row.advance == ON_PAYMENT,
        pay_until=last_day_before(row.lapses_at) if row.lapses_at else None,
        plan_kopecks=row.plan_kopecks,
        notice=row.notice,
    )


def _card(row: Row[Any]) -> Card | None:
    if row.method_id is None:
        return None
    expires = (row.expiry_year, row.expiry_month) if row.expiry_year and row.expiry_month else None
    return Card(row.method_id, row.method_kind, row.last4, expires, row.usable)


def _stalled(row: Row[Any], payment: LastPayment | None, charge_on: date | None, now: datetime) -> Stall | None:
    # A charge that is due becomes a payment only when charging goes on.
    due = charge_on is not None and row.charge_at is not None and row.charge_at <= now
    return cast("Stall | None", row.pause) if due or (payment and payment.is_unsent) else None


def _charge_on(row: Row[Any], payment: LastPayment | None, now: datetime) -> date | None:
    if row.autopay != "active" or not row.usable or (payment and payment.is_live):
        return None
    return charge_day(row, now)
