"""What stands in a deal's timeline: payments and failures as comments, the rest as quiet log lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select

from crm_sync.port import COMMENT, LOG
from crm_sync.snapshots.identity import desk_url
from kernel.db import Session, among
from payments.autopay.models import Autopay
from payments.charging.models import Payment
from payments.charging.next_attempt import NEXT_ATTEMPT_AT
from payments.invoicing.models import Invoice
from portal.public import reason_for_staff
from portal.web.kit.filters import datetime_text, money

Entry = dict[str, object]
# The customer opened the payment page and left it: nobody has to act on that.
_LEFT = "expired_on_confirmation"
_AUTOPAY = {
    "consented": "Клиент согласился на автоматические списания",
    "resumed": "Сотрудник возобновил автоплатёж",
    "confirmed": "Клиент подтвердил автоплатёж",
    "withdrawn": "Клиент отключил автоплатёж",
    "unlinked": "Клиент отвязал карту, списаний по ней больше не будет",
    "suspended": "Автоплатёж остановлен: карта больше не работает",
    "paused": "Автоплатёж приостановлен вместе с договором",
    "held": "Сотрудник приостановил автоплатёж",
    "unconfirmed": "База восстановлена из копии, автоплатёж ждёт подтверждения клиента",
    "ended": "Автоплатёж завершён вместе с договором",
}


def paid(session: Session, payment_ids: Sequence[UUID]) -> list[Entry]:
    """Money came in."""
    return [_paid(row.Payment, row.number) for row in _payments(session, payment_ids)]


def declined(session: Session, payment_ids: Sequence[UUID], *, now: datetime) -> list[Entry]:
    """Payments ended without money; says what comes next."""
    rows = _payments(session, payment_ids, NEXT_ATTEMPT_AT.label("again"))
    return [_declined(row.Payment, row.number, row.again, now) for row in rows]


def autopay(autopay: Autopay, what: str, *, now: datetime) -> Entry:
    """Automatic payments of a contract went on or off."""
    return {
        "key": f"autopay:{autopay.id}:{what}:{now.isoformat()}",
        "kind": LOG,
        "customer_id": autopay.customer_id,
        "contract_id": autopay.contract_id,
        "title": "Автоплатёж",
        "text": _AUTOPAY[what] + ".",
        "url": desk_url("contracts", autopay.contract_id),
    }


def _payments(session: Session, ids: Sequence[UUID], *more: ColumnElement[Any]) -> Sequence[Row[Any]]:
    with_invoice = select(Payment, Invoice.number, *more).join(Invoice, Invoice.id == Payment.invoice_id)
    return session.execute(with_invoice.where(among(Payment.id, ids)).order_by(Payment.id)).all()


def _paid(payment: Payment, invoice_number: str) -> Entry:
    how = f"Карта •• {payment.last4}" if payment.last4 else "ЮKassa"
    return _entry(payment, COMMENT, "paid", f"Оплата {money(payment.kopecks)}", f"{how}, счёт № {invoice_number}.")


def _declined(payment: Payment, invoice_number: str, again: datetime | None, now: datetime) -> Entry:
    act = "Списание" if payment.initiator == "schedule" else "Оплата"
    title = f"{act} {money(payment.kopecks)} не {'прошло' if act == 'Списание' else 'прошла'}"
    then = f" Следующая попытка {datetime_text(again)}." if again and again > now else ""
    kind = LOG if payment.reason == _LEFT else COMMENT
    return _entry(
        payment, kind, "declined", title, f"{reason_for_staff(payment.reason)}. Счёт № {invoice_number}.{then}"
    )


def _entry(payment: Payment, kind: str, what: str, title: str, text: str) -> Entry:
    return {
        "key": f"payment:{payment.id}:{what}",
        "kind": kind,
        "customer_id": payment.customer_id,
        "contract_id": payment.contract_id,
        "title": title,
        "text": text,
        "url": desk_url("payments", payment.id),
    }
