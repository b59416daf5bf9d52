"""What events mean for the CRM. Handlers only write rows; without a CRM they write nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from crm_sync import telling, wanting
from kernel.db import Session
from kernel.inbox import Handler, each
from kernel.outbox import Event
from kernel.settings import get_settings
from payments import events
from payments.autopay.models import Autopay

E = TypeVar("E", bound=Event)


def _customers(
    session: Session, told: Sequence[events.CustomerCreated | events.CustomerChanged], _now: datetime
) -> None:
    wanting.want_customers(session, [event.customer_id for event in told])


def _contracts(
    session: Session, told: Sequence[events.ContractOpened | events.ContractStatusChanged], _now: datetime
) -> None:
    wanting.want_contracts(session, [event.contract_id for event in told])


def _invoices(session: Session, told: Sequence[events.InvoiceChanged | events.InvoiceVoided], _now: datetime) -> None:
    wanting.want_invoices(session, [event.invoice_id for event in told])


def _payments(session: Session, told: Sequence[events.PaymentChanged], _now: datetime) -> None:
    wanting.want_payments(session, [event.payment_id for event in told])


def _paid(session: Session, told: Sequence[events.PaymentSucceeded], _now: datetime) -> None:
    ids = [event.payment_id for event in told]
    wanting.want_payments(session, ids)
    wanting.want_entries(session, telling.paid(session, ids))


def _declined(session: Session, told: Sequence[events.PaymentDeclined], now: datetime) -> None:
    ids = [event.payment_id for event in told]
    wanting.want_payments(session, ids)
    wanting.want_entries(session, telling.declined(session, ids, now=now))


def _activated(session: Session, event: events.AutopayActivated, now: datetime) -> None:
    _autopay(session, event.autopay_id, event.cause, now)


def _stopped(session: Session, event: events.AutopayStopped, now: datetime) -> None:
    if event.told:  # its timeline has the entry: the CRM was not restored
        wanting.want_contracts(session, [session.get_one(Autopay, event.autopay_id).contract_id])
    else:
        _autopay(session, event.autopay_id, event.cause, now)


def _autopay(session: Session, autopay_id: UUID, what: str, now: datetime) -> None:
    autopay = session.get_one(Autopay, autopay_id)
    wanting.want_contracts(session, [autopay.contract_id])
    wanting.want_entries(session, [telling.autopay(autopay, what, now=now)])


def _if_connected(
    handle: Callable[[Session, Sequence[E], datetime], None],
) -> Callable[[Session, Sequence[Any], datetime], None]:
    def connected(session: Session, told: Sequence[E], now: datetime) -> None:
        if get_settings().bitrix24_url:
            handle(session, told, now)

    return connected


HANDLERS = tuple(
    Handler(f"crm.{event.topic.split('.')[1]}", event, _if_connected(handle))
    for event, handle in (
        (events.CustomerCreated, _customers),
        (events.CustomerChanged, _customers),
        (events.ContractOpened, _contracts),
        (events.ContractStatusChanged, _contracts),
        (events.InvoiceChanged, _invoices),
        (events.InvoiceVoided, _invoices),
        (events.PaymentChanged, _payments),
        (events.PaymentSucceeded, _paid),
        (events.PaymentDeclined, _declined),
        (events.AutopayActivated, each(_activated)),
        (events.AutopayStopped, each(_stopped)),
    )
)
