"""The poller: asks about every payment that is not final, and finishes what nobody has heard the end of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.clock import business_now
from kernel.db import begin, read
from kernel.fault import fault
from kernel.settings import get_settings
from payments.charging.charging import resend
from payments.charging.models import PENDING, UNKNOWN, WAITING_FOR_CAPTURE, Payment
from payments.charging.recording import LOOK, Outcome, give_up_unfound, record
from payments.gateway.port import Gateway, GatewayError, GatewayPayment
from payments.gateway.yookassa import YooKassa

_log = log.get(__name__)
CHECK = "check"
_CLOCK_SLACK = timedelta(minutes=10)


def check(ids: list[str]) -> None:
    """Look at each of these payments once and record what the gateway says."""
    gateway = YooKassa.of(get_settings())
    for item in ids:
        check_one(gateway, UUID(item), source="poller")


def check_one(gateway: Gateway, payment_id: UUID, *, source: str) -> None:
    """Bring one payment nearer to its end: ask by id, send again while its key lives, or look it up in the list."""
    with read() as session:
        payment = session.execute(
            select(Payment.gateway_id, Payment.status, Payment.first_sent_at, Payment.permit_at).where(
                Payment.id == payment_id, Payment.status.in_((UNKNOWN, PENDING, WAITING_FOR_CAPTURE))
            )
        ).first()
    if payment is None:
        return
    if payment.gateway_id:
        gateway_id: str = payment.gateway_id
        _ask(payment_id, lambda: gateway.get_payment(gateway_id), source)
    elif not resend(payment_id) and payment.first_sent_at:
        _look_up(gateway, payment_id, payment.first_sent_at, payment.permit_at)


def _ask(payment_id: UUID, call: Callable[[], GatewayPayment], source: str) -> None:
    started = time.monotonic()
    result: GatewayPayment | GatewayError
    try:
        result = call()
    except GatewayError as error:
        result = error
    fault("check.after_answer")
    outcome = Outcome(payment_id, LOOK, result, int((time.monotonic() - started) * 1000))
    with begin() as session:
        record(session, [outcome], source=source)
    fault("check.after_commit")


def _look_up(gateway: Gateway, payment_id: UUID, first_sent_at: datetime, last_sent_at: datetime) -> None:
    # The instant is taken before the list is read: what appears later is not proven absent.
    with begin() as session:
        listed_at = business_now(session)
    since, until = first_sent_at - _CLOCK_SLACK, last_sent_at + _CLOCK_SLACK
    try:
        found = [item for item in gateway.list_payments(since, until) if item.payment_id == payment_id]
    except GatewayError as error:
        with begin() as session:
            record(session, [Outcome(payment_id, LOOK, error, 0)], source="list")
        return
    with begin() as session:
        if found:
            record(session, [Outcome(payment_id, LOOK, item, 0) for item in found], source="list")
        elif give_up_unfound(session, payment_id, listed_at=listed_at):
            _log.info("payment.never_was", payment_id=str(payment_id))
