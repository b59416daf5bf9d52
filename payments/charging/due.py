"""Due lines become payments: the intent, its key and its exact bytes are committed before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, and_, exists, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from kernel import outbox
from kernel.clock import Wait, business_date, start_of
from kernel.db import Session
from kernel.ids import uuid7
from kernel.money import Money
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice, PaymentMethod
from payments.autopay.notices import announce
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.charging.bodies import Subject, saved_method_body
from payments.charging.charging import BATCH, CHARGE
from payments.charging.models import LIVE, LIVE_SQL, PARTLY_PAID, RUNNING, Payment
from payments.charging.pace import HINT_LIFE
from payments.charging.permits import STALE_AFTER
from payments.contracts.models import Installment
from payments.installation.models import Installation
from payments.invoicing.models import Invoice

SCAN = 500
_ONE_DAY = timedelta(days=1)

_no_live_payment = ~exists().where(Payment.invoice_id == Invoice.id, Payment.status.in_(LIVE)).correlate(Invoice)
TO_CHARGE = Wait(
    "installments.charge_at",
    Installment.charge_at,
    and_(
        Installment.status == "invoiced",
        Installment.charge_at.is_not(None),
        RUNNING,
        ~PARTLY_PAID,
        exists()
        .where(Invoice.installment_id == Installment.id, Invoice.status == "open", _no_live_payment)
        .correlate(Installment),
        exists()
        .where(
            Autopay.contract_id == Installment.contract_id,
            Notice.installment_id == Installment.id,
            Notice.sent_at.is_not(None),
            NOTICE_COUNTS,
        )
        .correlate(Installment),
    ),
)


def create_due_payments(session: Session, *, now: datetime) -> int:
    """Turn one batch of due lines into payments with a hint for the workers; return how many lines were looked at.

    A line more than three days late is announced afresh, where its card can be charged at all; of several due lines of one contract the oldest goes today
    and each other waits for a day of its own. Two schedulers at once are harmless.
    """
    rows = session.execute(_due_lines()).all()
    too_old = now - STALE_AFTER
    # One of a former shop's card gets its payment, whose refusal tells why it was not made.
    stale = [
        row.Installment for row in rows if row.in_our_shop and promised_at(row.charge_on, row.next_attempt_at) < too_old
    ]
    _announce_again(session, stale, now)
    fresh = [row for row in rows if row.Installment not in stale]
    today, later = _one_a_day(session, fresh, now)
    _postpone(session, [row.Installment.id for row in later], now)
    _write_payments(session, today)
    return len(rows)


def promised_at(charge_on: date, next_attempt_at: datetime | None) -> datetime:
    """When the customer was last told that a charge would come: by its notice, or by the letter about a decline."""
    announced = start_of(charge_on)
    return max(announced, next_attempt_at or announced)


def _due_lines() -> Select[*tuple[Any, ...]]:
    newest = (
        select(Notice.id, Notice.charge_on)
        .where(Notice.installment_id == Installment.id, Notice.sent_at.is_not(None), NOTICE_COUNTS)
        .order_by(Notice.sent_at.desc())
        .limit(1)
        .lateral()
    )
    attempt = select(func.max(Payment.next_attempt_at)).where(Payment.invoice_id == Invoice.id).scalar_subquery()
    return (
        select(
            Installment,
            Invoice,
            Autopay.id.label("autopay_id"),
            Autopay.consent_id,
            PaymentMethod.id.label("method_id"),
            PaymentMethod.gateway_id.label("token"),
            PaymentMethod.shop_id,
            IN_OUR_SHOP.label("in_our_shop"),
            newest.c.id.label("notice_id"),
            newest.c.charge_on,
            attempt.label("next_attempt_at"),
        )
        .join(Invoice, Invoice.installment_id == Installment.id)
        .join(Autopay, Autopay.contract_id == Installment.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .join(newest, true())
        .where(TO_CHARGE.due(), Invoice.status == "open", Autopay.status == "active", _no_live_payment)
        .order_by(Installment.charge_at, Installment.due_on, Installment.id)
        .limit(SCAN)
        # The autopay too: what another scheduler has in hand of the same contract is not seen yet.
        .with_for_update(of=[Installment, Autopay], key_share=True, skip_locked=True)
    )


def _announce_again(session: Session, lines: Sequence[Installment], now: datetime) -> None:
    ids = [line.id for line in lines]
    if ids:
        session.execute(update(Installment).where(Installment.id.in_(ids)).values(charge_at=None))
        announce(session, ids, now=now)


def _one_a_day(session: Session, rows: Sequence[Row[Any]], now: datetime) -> tuple[list[Row[Any]], list[Row[Any]]]:
    charged = aliased(Payment)
    contracts = [row.Installment.contract_id for row in rows]
    since = start_of(business_date(now))
    rows_today = session.execute(
        select(charged.contract_id, charged.invoice_id).where(
            charged.contract_id.in_(contracts), charged.initiator == "schedule", charged.created_at >= since
        )
    ).all()
    served: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for charge in rows_today:
        served[charge.contract_id].add(charge.invoice_id)
    today: list[Row[Any]] = []
    later: list[Row[Any]] = []
    for row in sorted(rows, key=lambda item: (item.Installment.due_on, item.Installment.number)):
        of_today = served[row.Installment.contract_id]
        if of_today <= {row.Invoice.id}:
            of_today.add(row.Invoice.id)
            today.append(row)
        else:
            later.append(row)
    return today, later


def _postpone(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    if ids:
        tomorrow = start_of(business_date(now) + _ONE_DAY)
        session.execute(update(Installment).where(Installment.id.in_(ids)).values(charge_at=tomorrow))


def _write_payments(session: Session, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    values = [_payment(row) for row in rows]
    made = session.execute(
        insert(Payment)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=[Payment.invoice_id],
            index_where=LIVE_SQL,
        )
        .returning(Payment.id, Payment.invoice_id)
    ).all()
    # A line whose invoice the customer has just begun to pay by hand keeps its instant: he may give up.
    written = {row.invoice_id for row in made}
    lines = [row.Installment.id for row in rows if row.Invoice.id in written]
    created = [row.id for row in made]
    session.execute(update(Installment).where(Installment.id.in_(lines)).values(charge_at=None))
    outbox.hint(
        session,
        *(outbox.Hint(CHARGE, tuple(created[start : start + BATCH])) for start in range(0, len(created), BATCH)),
    )
    session.execute(update(Installation).values(charger_ran_at=func.business_now()))


def _payment(row: Row[Any]) -> dict[str, object]:
    invoice: Invoice = row.Invoice
    payment_id = uuid7()
    subject = Subject(payment_id, invoice.id, invoice.contract_id, invoice.purpose, Money(invoice.kopecks))
    return {
        "id": payment_id,
        "invoice_id": invoice.id,
        "customer_id": invoice.customer_id,
        "contract_id": invoice.contract_id,
        "shop_id": row.shop_id,
        "autopay_id": row.autopay_id,
        "method_id": row.method_id,
        "consent_id": row.consent_id,
        "notice_id": row.notice_id,
        "initiator": "schedule",
        "kopecks": invoice.kopecks,
        "status": "created",
        "key": uuid4(),
        "body": saved_method_body(subject, gateway_method_id=row.token),
        "lease_until": HINT_LIFE,
    }
