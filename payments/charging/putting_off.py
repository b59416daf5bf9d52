"""One payment that nobody can read must not starve its neighbours: it is put off, and they have their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.clock import business_now
from kernel.db import begin, is_away
from payments.charging.models import TO_CHECK, Payment
from payments.charging.pace import next_check

_log = log.get(__name__)


@contextmanager
def apart(payment_id: UUID) -> Iterator[None]:
    """What breaks in here is this payment's own trouble: it is logged, and asked about again after a pause."""
    try:
        yield
    except Exception:  # noqa: BLE001  whatever it was
        _log.exception("check.broke", payment_id=str(payment_id))
        _try_to_put_off(payment_id)


def _try_to_put_off(payment_id: UUID) -> None:
    try:
        _put_off(payment_id)
    except Exception as error:
        if is_away(error):
            raise
        _log.warning("check.not_put_off", payment_id=str(payment_id), error=type(error).__name__)


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
