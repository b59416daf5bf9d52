"""What events mean for the CRM. Handlers only write rows; without a CRM they write nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from crm_sync import telling, wanting
from kernel.db import Session
from kernel.inbox import Handler
from kernel.outbox import Event
from kernel.settings import get_settings
from payments import events
from payments.autopay.models import Autopay

E = TypeVar("E", bound=Event)


def _customer(session: Session, event: events.CustomerCreated | events.CustomerChanged, _now: datetime) -> None:
    wanting.want_customers(session, [event.customer_id])


def _contract(session: Session, event: events.ContractOpened | events.ContractStatusChanged, _now: datetime) -> None:
    wanting.want_contracts(session, [event.contract_id])


def _invoice(session: Session, event: events.InvoiceChanged | events.InvoiceVoided, _now: datetime) -> None:
    wanting.want_invoices(session, [event.invoice_id])


def _payment(session: Session, event: events.PaymentChanged, _now: datetime) -> None:
    wanting.want_payments(session, [event.payment_id])


def _paid(session: Session, event: events.PaymentSucceeded, _now: datetime) -> None:
    wanting.want_payments(session, [event.payment_id])
    wanting.want_entry(session, telling.paid(session, event.payment_id))


def _declined(session: Session, event: events.PaymentDeclined, now: datetime) -> None:
    wanting.want_payments(session, [event.payment_id])
    wanting.want_entry(session, telling.declined(session, event.payment_id, now=now))


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
    wanting.want_entry(session, telling.autopay(autopay, what, now=now))


def _if_connected(handle: Callable[[Session, E, datetime], None]) -> Callable[[Session, Any, datetime], None]:
    def connected(session: Session, event: E, now: datetime) -> None:
        if get_settings().bitrix24_url:
            handle(session, event, now)

    return connected


HANDLERS = tuple(
    Handler(f"crm.{event.topic.split('.')[1]}", event, _if_connected(handle))
    for event, handle in (
        (events.CustomerCreated, _customer),
        (events.CustomerChanged, _customer),
        (events.ContractOpened, _contract),
        (events.ContractStatusChanged, _contract),
        (events.InvoiceChanged, _invoice),
        (events.InvoiceVoided, _invoice),
        (events.PaymentChanged, _payment),
        (events.PaymentSucceeded, _paid),
        (events.PaymentDeclined, _declined),
        (events.AutopayActivated, _activated),
        (events.AutopayStopped, _stopped),
    )
)
