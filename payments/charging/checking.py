"""The poller: asks about every payment that is not final, and finishes what nobody has heard the end of."""

from __future__ import annotations

import time
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import log
from kernel.db import begin, read, repeating
from kernel.fault import fault
from kernel.settings import get_settings
from payments.charging.charging import resend
from payments.charging.listing import look_up
from payments.charging.models import LOOK, REJECTED, TO_CHECK, UNKNOWN, Payment
from payments.charging.pace import in_time
from payments.charging.putting_off import apart
from payments.charging.recording import Outcome, record
from payments.gateway.port import Gateway, GatewayError, GatewayPayment
from payments.gateway.yookassa import YooKassa
from payments.history.noting import note_statuses

_log = log.get(__name__)
CHECK = "check"


def check(ids: list[str]) -> None:
    """Look at each of these payments once, while the time of one message lasts, and record what the gateway says.

    Those that only its list can tell about come last, and take as long as that is.
    """
    gateway = YooKassa.of(get_settings())
    to_look_up = []
    for payment_id in in_time(ids):
        with apart(payment_id):
            if not _ask_or_send(gateway, payment_id):
                to_look_up.append(payment_id)
    look_up(gateway, to_look_up)


def _ask_or_send(gateway: Gateway, payment_id: UUID) -> bool:
    # False: it has no id there and may not be sent again; only the list can tell.
    with read() as session:
        payment = session.execute(
            select(Payment.gateway_id, Payment.first_sent_at).where(Payment.id == payment_id, TO_CHECK.due())
        ).first()
    if payment is None:
        return True
    if payment.gateway_id:
        _ask(gateway, payment_id, payment.gateway_id)
    elif not resend(payment_id):
        if payment.first_sent_at:
            return False
        _drop_unsent(payment_id)
    return True


def _ask(gateway: Gateway, payment_id: UUID, gateway_id: str) -> None:
    started = time.monotonic()
    result: GatewayPayment | GatewayError
    try:
        result = gateway.get_payment(gateway_id)
    except GatewayError as error:
        result = error
    fault("check.after_answer")
    outcome = Outcome(payment_id, LOOK, result, int((time.monotonic() - started) * 1000))
    repeating(partial(record, outcomes=[outcome], source="poller"))
    fault("check.after_commit")


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
