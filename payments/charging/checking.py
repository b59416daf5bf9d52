"""The poller: asks about every payment that is not final, and finishes what nobody has heard the end of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import log
from kernel.clock import business_now
from kernel.db import begin, read, repeating
from kernel.fault import fault
from kernel.settings import get_settings
from payments.charging.charging import resend
from payments.charging.models import LOOK, REJECTED, TO_CHECK, UNKNOWN, Payment
from payments.charging.pace import in_time, next_check
from payments.charging.recording import Outcome, give_up_unfound, record
from payments.gateway.port import Gateway, GatewayError, GatewayPayment
from payments.gateway.yookassa import YooKassa
from payments.history.noting import note_statuses

_log = log.get(__name__)
CHECK = "check"
# A database clock that is off must not hide a payment from its own search: a day to either side costs a few pages.
_CLOCK_SLACK = timedelta(days=1)


def check(ids: list[str]) -> None:
    """Look at each of these payments once, while the time of one message lasts, and record what the gateway says."""
    gateway = YooKassa.of(get_settings())
    for payment_id in in_time(ids):
        try:
            check_one(gateway, payment_id, source="poller")
        except Exception:  # noqa: BLE001  one unreadable payment must not starve its neighbours
            _log.exception("check.broke", payment_id=str(payment_id))
            _put_off(payment_id)


def check_one(gateway: Gateway, payment_id: UUID, *, source: str) -> None:
    """Bring one payment nearer to its end: ask by id, send again while its key lives, or look it up in the list."""
    with read() as session:
        payment = session.execute(
            select(Payment.gateway_id, Payment.status, Payment.first_sent_at, Payment.permit_at).where(
                Payment.id == payment_id, TO_CHECK.due()
            )
        ).first()
    if payment is None:
        return
    if payment.gateway_id:
        gateway_id: str = payment.gateway_id
        _ask(payment_id, lambda: gateway.get_payment(gateway_id), source)
    elif resend(payment_id):
        return
    elif payment.first_sent_at:
        _look_up(gateway, payment_id, payment.first_sent_at, payment.permit_at)
    else:
        _drop_unsent(payment_id)


def _ask(payment_id: UUID, call: Callable[[], GatewayPayment], source: str) -> None:
    started = time.monotonic()
    result: GatewayPayment | GatewayError
    try:
        result = call()
    except GatewayError as error:
        result = error
    fault("check.after_answer")
    outcome = Outcome(payment_id, LOOK, result, int((time.monotonic() - started) * 1000))
    repeating(partial(record, outcomes=[outcome], source=source))
    fault("check.after_commit")


def _look_up(gateway: Gateway, payment_id: UUID, first_sent_at: datetime, last_sent_at: datetime) -> None:
    # The instant is taken before the list is read: what appears later is not proven absent.
    account_id = get_settings().yookassa_shop_id
    with begin() as session:
        listed_at = business_now(session)
    since, until = first_sent_at - _CLOCK_SLACK, last_sent_at + _CLOCK_SLACK
    try:
        outcomes = [Outcome(payment_id, LOOK, item, 0) for item in gateway.find_payments(payment_id, since, until)]
    except GatewayError as error:
        outcomes = [Outcome(payment_id, LOOK, error, 0)]
    fault("list.after_answer")
    if outcomes:
        repeating(partial(record, outcomes=outcomes, source="list"))
    elif repeating(partial(give_up_unfound, payment_id=payment_id, listed_at=listed_at, account_id=account_id)):
        _log.info("payment.never_was", payment_id=str(payment_id))
    fault("list.after_commit")


def _drop_unsent(payment_id: UUID) -> None:
    # It was never sent and its invoice is closed by now: there is nothing to ask the gateway about.
    with begin() as session:
        dropped = session.scalars(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == UNKNOWN, Payment.sends == 0)
            .values(status=REJECTED, reason="abandoned", decided_at=func.business_now(), next_check_at=None)
            .returning(Payment.id)
        ).all()
        note_statuses(session, [("payment", key, UNKNOWN, REJECTED) for key in dropped], source="poller")


def _put_off(payment_id: UUID) -> None:
    # One that is being sent by now, by whomever, is not ours to put off: its lease says when it may be asked about.
    with begin() as session:
        payment = session.scalars(
            select(Payment).where(Payment.id == payment_id, TO_CHECK.where).with_for_update(key_share=True)
        ).one_or_none()
        if payment is not None:
            payment.checks += 1
            payment.lease_until = None
            payment.next_check_at = next_check(business_now(session), checks=payment.checks)
